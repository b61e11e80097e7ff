#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "core/clock.h"

namespace pistachio {

/// The event loop: a thin layer over libuv that gives every turn one shape, top-down.
///
///   1. sleep until something happens or the earliest wish of a step comes due
///   2. bytes in: libuv calls the sockets' owners, who parse, route and ask the broker
///   3. what is due: polls, leases, delays, time-outs
///   4. the end of the turn, step by step until nothing is left: store commands leave together,
///   completions run, answers
///      are written, and what died in this turn is closed
///
/// All functions but post() are for the loop's thread.
class Loop {
 public:
  enum class Wait : std::uint8_t { yes, no };

  /// What takes part in every turn, in the order in which it was added. Each function may be empty.
  struct Step {
    std::function<Deadline(TimePoint now)>
        next_wish;  ///< when it wants to be called although nothing happens
    std::function<void(TimePoint now)> run_due;  ///< what has come due
    std::function<bool(TimePoint now)>
        run_end;  ///< the end of the turn; true: it did something, go round again
  };

  /// Throws std::runtime_error when the system gives no event loop.
  Loop();
  /// All handles of others must have been closed and their close callbacks have run (see
  /// drain_handles()).
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  uv_loop_t* uv() { return &uv_; }

  /// The time of this turn, monotonic, the same until the next one.
  TimePoint now() const;

  /// The wall clock in seconds since 1970, read at most once per turn.
  std::int64_t unix_seconds();

  void add(Step step) { steps_.push_back(std::move(step)); }

  /// One turn; with Wait::no it does not sleep. Public so that tests can take one step at a time.
  void turn(Wait wait);

  /// Turns until stop(). Returns at once when stop() was called before.
  void run();
  void stop() { stopping_ = true; }
  bool stopping() const { return stopping_; }

  /// Runs `task` on the loop's thread in its next turn. The only function that any thread may call.
  void post(std::function<void()> task);

  /// Turns without sleeping longer than libuv needs to call the close callbacks of handles that
  /// were closed.
  void drain_handles();

 private:
  void set_timer();
  bool run_end_of_turn();
  void run_posted();

  uv_loop_t uv_{};
  uv_timer_t timer_{};
  uv_async_t wake_{};
  std::vector<Step> steps_;
  Deadline timer_set_for_;
  bool stopping_ = false;
  bool more_to_do_ = false;
  TimePoint seconds_read_at_ = TimePoint::min();
  std::int64_t seconds_ = 0;

  std::mutex posted_mutex_;  // guards posted_, the one hand-over between threads
  std::vector<std::function<void()>> posted_;
};

}  // namespace pistachio
