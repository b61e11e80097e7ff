#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <deque>
#include <string>

#include "bench/load/nanoseconds.h"
#include "bench/load/options.h"

namespace pistachio::bench {

/// What the next poll of a connection says about the answer to the last.
struct PollMemory {
  std::string etag;
  std::string last_modified;
  std::string receipts;   ///< to acknowledge, commas between them
  std::uint64_t job = 0;  ///< beanstalkd: to delete
};

/// A push whose answer is awaited.
struct PendingPush {
  int endpoint = 0;
  std::uint32_t first = 0;  ///< sequence number
  int count = 1;
};

/// One connection of the load: a poller, which always has a poll out, or a publisher. It knows its
/// socket and its bytes; what they mean is Traffic's. Its address must not change while it is open:
/// epoll holds it.
struct Connection {
  enum class Role : std::uint8_t { poller, publisher };
  enum class State : std::uint8_t { closed, connecting, idle, busy };

  Role role = Role::poller;
  Protocol protocol = Protocol::http;
  State state = State::closed;
  bool closed() const { return state == State::closed; }

  int number = 0;    ///< among those of its role
  int endpoint = 0;  ///< that it polls
  int socket = -1;
  Nanoseconds polled_at = 0;
  Nanoseconds retry_at = 0;  ///< when it is to connect, or to poll, again

  std::string input;       ///< the beginning of a reply whose rest has not come
  std::size_t needed = 0;  ///< how long that reply is in all, 0: not known
  std::string output;
  std::size_t output_sent = 0;

  PollMemory memory;
  std::deque<PendingPush> pushes;
  bool offered = false;    ///< it stands in the line of free publishers
  bool unflushed = false;  ///< it is to be flushed at the end of the turn

  /// Begins to connect and registers with `epoll`. False, with `errno`, when that cannot be. From
  /// one of eight addresses of 127.0.0.0/8 where the server is on this machine: one address has not
  /// ports enough. Throws std::system_error when there are no files left.
  bool connect(int epoll, const sockaddr_in& server);

  /// Sends what it can of the output and asks `epoll` to tell when the rest can go. False when the
  /// connection is broken.
  bool flush(int epoll);

  /// Closes the socket; what was read and not sent is dropped by the next connect().
  void close();

 private:
  void watch_writable(int epoll, bool on);

  bool watching_writable_ = false;
};

}  // namespace pistachio::bench
