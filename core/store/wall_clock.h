#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "core/clock.h"

namespace pistachio {

/// What the two clocks said at one moment: turns what is measured while running into what survives
/// a restart, and back. A wall clock that is set right later changes nothing.
struct WallClock {
  TimePoint at{};
  WallTime wall{};

  /// Milliseconds since 1970.
  std::int64_t wall_ms(TimePoint point) const {
    const std::int64_t offset = this->offset();
    const std::int64_t ms = point.time_since_epoch().count();
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    return ms > kMost - offset ? kMost : ms + offset;
  }
  /// Nothing for never.
  std::optional<std::int64_t> wall_ms(Deadline deadline) const {
    if (deadline.is_never()) return std::nullopt;
    return wall_ms(deadline.at());
  }

  TimePoint point(std::int64_t ms) const { return TimePoint(Duration(ms - offset())); }
  Deadline deadline(std::optional<std::int64_t> ms) const {
    return ms ? Deadline(point(*ms)) : Deadline::never();
  }

 private:
  // What is on the wall is later: processes began after 1970.
  std::int64_t offset() const {
    return wall.time_since_epoch().count() - at.time_since_epoch().count();
  }
};

}  // namespace pistachio
