#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/store/redis_address.h"
#include "core/store/redis_reply.h"

struct uv_loop_s;

namespace pistachio {

/// One connection to a Redis: bytes out, answers in, nothing more. It knows no commands and no
/// time; whoever owns it pairs answers with questions, gives up when they take too long, and
/// connects again.
///
/// hiredis reads the answers (its reader knows no sockets). Its own connections are not used: they
/// resolve names with a call that blocks, and move all that is still to be written each time some
/// of it was. Here libuv resolves, connects and writes.
///
/// Loop thread only. The callbacks run inside the loop's turn, never inside a call of ours but
/// connect(), which may find out at once that it will not do.
class RedisLink {
 public:
  struct Callbacks {
    std::function<void()> connected;
    std::function<void(RedisReply)> answered;
    /// The connection has ended or was never made; told once, after which it is closed.
    std::function<void(const std::string& why)> lost;
  };

  /// `loop` must outlive this and turn once more after it has gone, to let go of its handles.
  RedisLink(uv_loop_s* loop, RedisAddress address, Callbacks callbacks);
  ~RedisLink();
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  /// Must be closed. Resolves the name anew.
  void connect();

  bool is_open() const { return socket_ != nullptr; }

  /// Writes now what the kernel takes, and the rest when it takes more. Does nothing when closed.
  void write(std::string_view bytes);

  /// Without a word to the callbacks.
  void close();

  /// Blocks until Redis has answered `answers` times, or said nothing for `most` in all: for the
  /// end of the process, when no loop turns any more. The callbacks are called.
  void wait_for(std::size_t answers, Duration most);

 private:
  struct Socket;
  void lose(const std::string& why);

  uv_loop_s* const loop_;
  const RedisAddress address_;
  const Callbacks callbacks_;
  Socket* socket_ = nullptr;  // its own owner once libuv has it: it goes when libuv lets it go
};

}  // namespace pistachio
