#pragma once

#include <cstdint>
#include <ctime>

namespace pistachio::bench {

/// Moments and spans of the monotonic clock. A plain integer: it travels inside payloads.
using Nanoseconds = std::int64_t;

constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kSecond = 1'000'000'000;

inline Nanoseconds now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

inline double seconds_since(Nanoseconds start) {
  return static_cast<double>(now() - start) / static_cast<double>(kSecond);
}

/// `seconds` from now; never a moment in the past.
inline Nanoseconds in_seconds(double seconds) {
  return now() + static_cast<Nanoseconds>(seconds * static_cast<double>(kSecond));
}

}  // namespace pistachio::bench
