#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/clock.h"

namespace pistachio {

/// A moment somebody waits for. Derive from it (or hold it first) and cast back in expire(). Not
/// scheduled when made; unlinks itself when destroyed.
class Timer {
 public:
  Timer() = default;
  ~Timer() { unlink(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool scheduled() const { return link_ != nullptr; }
  /// When it is due; only while scheduled.
  TimePoint at() const { return at_; }
  void unlink();

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer** link_ = nullptr;  // what points at us, so that unlinking needs no list head
  TimePoint at_{};
};

/// Timers by the tens of thousands, most of which never ring: scheduling and cancelling touch no
/// more than the neighbours (a heap touches a path of them). A ring of slots of 32 ms; a timer
/// further away than one turn of the ring stays in its slot and is passed over until its time has
/// come. Asks no clock: `now` is an argument, and must not go back.
class TimerWheel {
 public:
  /// `now`: where the ring starts; no `now` given later may lie before it.
  explicit TimerWheel(TimePoint now) : tick_(tick_of(now)) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  /// Unlinks whatever is still scheduled; the timers' owners keep them.
  ~TimerWheel();

  /// Rings at `at`, replacing an earlier wish of the same timer. The timer must outlive its
  /// schedule or be cancelled.
  void schedule(Timer& timer, TimePoint at);

  static void cancel(Timer& timer) { timer.unlink(); }

  /// Not later than the earliest timer, and exact once that is less than one slot away; never when
  /// there is none.
  Deadline next(TimePoint now);

  /// Calls `ring` for each timer that is due, in the order of their times, unscheduled before its
  /// call. `ring` may schedule, cancel and destroy any timer; what it schedules rings in the next
  /// call at the earliest.
  template <class Ring>
  void expire(TimePoint now, Ring ring) {
    collect(now);
    while (due_ != nullptr) {
      Timer& timer = *due_;
      timer.unlink();
      ring(timer);
    }
  }

 private:
  static constexpr std::int64_t kTick = 32;       // milliseconds
  static constexpr std::size_t kSlots = 64 * 64;  // a bit for each in 64 words

  static std::int64_t tick_of(TimePoint at) { return at.time_since_epoch().count() / kTick; }
  static std::size_t slot_of(std::int64_t tick) { return static_cast<std::size_t>(tick) % kSlots; }
  static void link(Timer& timer, Timer*& head);
  void collect(TimePoint now);
  std::int64_t first_busy_tick() const;
  void mark_busy(std::size_t slot);
  void mark_idle(std::size_t slot);

  std::array<Timer*, kSlots> slots_{};
  std::array<std::uint64_t, kSlots / 64> busy_{};  // a bit per slot that may hold timers
  std::uint64_t busy_words_ = 0;                   // a bit per word of busy_ that is not 0
  Timer* due_ = nullptr;
  std::int64_t tick_;  // no timer is due in slots before this one
  std::vector<Timer*> sorting_;
};

}  // namespace pistachio
