#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/accounting.h"
#include "bench/load/connections.h"
#include "bench/load/requests.h"
#include "bench/load/window.h"

namespace pistachio::bench {

/// The polls and pushes of a run. A poller that has its answer polls again at once; a publisher
/// waits in a line until the mode has something to push.
///
/// The order of calls: open_publishers(), then open_pollers() when the mode wants polls, then
/// take_free_publisher() and push() as often as the mode pleases, with turns in between.
class Traffic {
 public:
  /// `accounting` and `window` must outlive this. Throws what Connections throws.
  Traffic(const Options& options, Accounting& accounting, Window& window);
  ~Traffic();

  /// Throws std::runtime_error when they are not connected within 5 s.
  void open_publishers();

  /// Opens as many more as may connect at a time; returns whether all are open or connecting.
  bool open_some_pollers();

  /// Opens all of them, and returns whether each has its poll at the server within 20 s. Throws
  /// std::runtime_error when opening takes over 60 s.
  bool open_pollers();

  void turn(int timeout_ms) { connections_.turn(timeout_ms); }

  /// Has this called in each turn, after what has come in.
  void after_events(std::function<void()> call) { connections_.after_events = std::move(call); }

  /// Returns whether `done` came true within so many seconds.
  template <class Condition>
  bool run_until(Condition done, double seconds, int timeout_ms = 5) {
    const Nanoseconds end = in_seconds(seconds);
    while (!done()) {
      if (now() >= end) return false;
      turn(timeout_ms);
    }
    return true;
  }
  void run_for(double seconds) {
    run_until([] { return false; }, seconds);
  }

  /// A publisher that can push now, taken out of its line; nullptr when there is none. It comes
  /// back by push() or put_back().
  Connection* take_free_publisher();
  void put_back(Connection& publisher);

  /// Pushes one message, or as many lines as the options say, to `endpoint`. Where pushes are
  /// pipelined they leave at the end of the turn, or with send_now().
  void push(Connection& publisher, int endpoint);
  void send_now() { connections_.flush_now_what_was_left_for_later(); }

  const std::vector<Connection>& pollers() const { return pollers_; }

  /// Pollers whose poll is out.
  int parked() const;

 private:
  void on_connected(Connection& connection);
  void on_broken(Connection& connection);
  void on_reply(Connection& connection, const Reply& reply, Nanoseconds at);
  void on_push_reply(Connection& publisher, const Reply& reply);
  void on_poll_reply(Connection& poller, const Reply& reply, Nanoseconds at);
  int take_messages(const Connection& poller, std::string_view body, Nanoseconds at);
  void remember(PollMemory& memory, const Reply& reply) const;
  void poll(Connection& poller);
  void refuse(const Connection& publisher, const PendingPush& push);
  bool can_push(const Connection& publisher) const;
  void offer(Connection& publisher);

  const Options options_;
  const Requests requests_;
  Accounting& accounting_;
  Window& window_;
  Connections connections_;
  std::vector<Connection> pollers_;  // never resized: Connections points into them
  std::vector<Connection> publishers_;
  std::size_t opened_pollers_ = 0;
  int next_endpoint_ = 0;  // with --rotate
  std::deque<Connection*> free_publishers_;
  std::string body_;  // of the push that is being made
};

}  // namespace pistachio::bench
