#pragma once

#include <sched.h>

#include <chrono>

namespace pistachio {

/// Waiting for somebody who mostly answers at once: looking until it has come, and letting others
/// run in between, takes a fraction of falling asleep and being woken, on a virtual machine above
/// all. Whoever took longer the last time is not waited for in this way.
///
/// `Clock` is std::chrono's kind of a clock. One thread at a time.
template <class Clock>
class PromptWaitBy {
 public:
  /// More than a process takes that has to be woken first.
  static constexpr std::chrono::microseconds kLongest{100};

  /// Calls `look()` until it is true. False: it has not come at once; sleep until it has, and then
  /// call slept().
  template <class Look>
  bool look_until(const Look& look) {
    begun_ = Clock::now();
    while (prompt_ && Clock::now() - begun_ < kLongest) {
      if (look()) return true;
      ::sched_yield();
    }
    return false;
  }

  void slept() { prompt_ = Clock::now() - begun_ < kLongest; }

 private:
  typename Clock::time_point begun_;
  bool prompt_ = true;
};

using PromptWait = PromptWaitBy<std::chrono::steady_clock>;

}  // namespace pistachio
