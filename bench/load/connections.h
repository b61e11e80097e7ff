#pragma once

#include <netinet/in.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/accounting.h"
#include "bench/load/connection.h"
#include "bench/load/reply.h"

namespace pistachio::bench {

/// What Connections tells whoever knows what the connections are for. After each of these calls the
/// connection may have failed.
struct ConnectionEvents {
  std::function<void(Connection&)> connected{};
  std::function<void(Connection&, const Reply&, Nanoseconds at)> replied{};
  std::function<void(Connection&)> broken{};     ///< closed; it will be connected again
  std::function<void(Connection&)> retry_due{};  ///< what retry_after() asked for
};

/// The loop: opens connections, sends their output, cuts what comes in into replies, and connects
/// again whatever breaks. One thread, epoll, no allocation per message: the generator must cost
/// less than the server it measures.
class Connections {
 public:
  /// `accounting` must outlive this. Throws std::invalid_argument for a host that is not an IPv4
  /// address.
  Connections(const Options& options, Accounting& accounting, ConnectionEvents events);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections();

  /// The connection must stay where it is for as long as this lives, and be closed by its owner.
  void open(Connection& connection);
  int connecting() const { return connecting_; }

  /// Sends what it can of the output; the rest follows by itself.
  void flush(Connection& connection);

  /// The same at the end of the turn, together with what else is added to it until then.
  void flush_later(Connection& connection);
  void flush_now_what_was_left_for_later();

  /// Closes it, to be connected again: at once, or a little later when it was an `error`.
  void drop(Connection& connection, bool error);

  void retry_after(Connection& connection, Nanoseconds delay);

  /// Waits at most so long and handles what has happened.
  void turn(int timeout_ms);

  /// Called in each turn after the events, before the output that was left for later is sent.
  std::function<void()> after_events;

 private:
  void on_event(Connection& connection, std::uint32_t events);
  void finish_connecting(Connection& connection, std::uint32_t events);
  void receive(Connection& connection);
  std::size_t take_replies(Connection& connection, std::string_view bytes, bool at_end);
  Parsed parse(const Connection& connection, std::string_view bytes, bool at_end);
  void retry_what_is_due();

  sockaddr_in poll_server_{};
  sockaddr_in publish_server_{};
  Accounting& accounting_;
  ConnectionEvents events_;
  int epoll_ = -1;
  int connecting_ = 0;
  std::vector<Connection*> unflushed_;
  std::vector<Connection*> retries_;
  std::vector<char> received_;
  std::string scratch_;  // of the HTTP parser
};

}  // namespace pistachio::bench
