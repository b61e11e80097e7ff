#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pistachio::test {

/// One answer as a client sees it.
struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  /// The value of a field (any case), or nothing.
  std::optional<std::string> field(std::string_view name) const;
};

/// A client that is a bare socket: sends any bytes, closes in any way. While it waits it turns the
/// server's loop, which runs on the same thread; every wait ends after some seconds with a failed
/// REQUIRE.
class RawClient {
 public:
  using Turn = std::function<void()>;

  /// Connects to a port on 127.0.0.1.
  RawClient(std::uint16_t port, Turn turn);
  /// Connects to a unix socket.
  RawClient(const std::string& path, Turn turn);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// Sends all of it, turning the loop while the socket is full.
  void send(std::string_view bytes);
  /// As much as the socket takes now; returns how much.
  std::size_t send_some(std::string_view bytes);

  /// The next answer, whole.
  Answer answer();
  /// send() and answer().
  Answer ask(std::string_view bytes);

  /// Reads exactly `count` bytes and no more.
  std::string read(std::size_t count);
  /// True when the server has closed or reset the connection within some turns; reads and drops
  /// what comes before.
  bool closed_by_server();
  /// True when the connection, which has ended, was reset rather than closed in order.
  bool was_reset() const { return reset_; }
  /// True when something has arrived and was not read; turns nothing.
  bool has_input() const;
  /// True when nothing arrives within a few turns.
  bool quiet();

  /// Closes in order; what has not been read makes the kernel send a reset.
  void close();
  /// Closes with a reset whatever was read.
  void reset();
  /// Closes the sending side only.
  void end();
  /// A small receive buffer, so that large answers stay in the server. Before anything is received.
  void shrink_receive_buffer();

 private:
  bool fill();  // reads once; false at the end of the stream
  void turn_until(const std::function<bool()>& done);

  int fd_ = -1;
  Turn turn_;
  std::string input_;
  bool ended_ = false;
  bool reset_ = false;
};

}  // namespace pistachio::test
