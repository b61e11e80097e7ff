#pragma once

#include <chrono>
#include <optional>

namespace pistachio {

// Time is an argument here: nothing below cli/ and core/loop asks a clock. Two kinds are kept apart
// by their types: TimePoint (monotonic, what waits and leases are measured with) and WallTime (what
// people read and restarts survive).

/// A span of time, in milliseconds: the finest grain the protocol knows.
using Duration = std::chrono::milliseconds;

/// A moment on the loop's monotonic clock. Means nothing in another process.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// A moment on the wall clock.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// A moment by which something happens, or never. Absolute and set once, at the door; never
/// re-added to.
class Deadline {
 public:
  /// Unreachable.
  constexpr Deadline() = default;
  constexpr explicit Deadline(TimePoint at) : at_(at) {}
  static constexpr Deadline never() { return Deadline(); }

  /// `span` after `now`; spans too long for the clock become never.
  static constexpr Deadline in(Duration span, TimePoint now) {
    return span >= TimePoint::max() - now ? Deadline() : Deadline(now + span);
  }

  constexpr bool is_never() const { return at_ == TimePoint::max(); }
  constexpr bool reached(TimePoint now) const { return !is_never() && at_ <= now; }

  /// TimePoint::max() for never.
  constexpr TimePoint at() const { return at_; }

  /// Zero once it is reached, Duration::max() for never.
  constexpr Duration left(TimePoint now) const {
    if (is_never()) return Duration::max();
    return at_ <= now ? Duration::zero() : at_ - now;
  }

  constexpr auto operator<=>(const Deadline&) const = default;

 private:
  TimePoint at_ = TimePoint::max();
};

}  // namespace pistachio
