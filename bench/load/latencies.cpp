#include "bench/load/latencies.h"

#include <algorithm>
#include <limits>

namespace pistachio::bench {

void Latencies::add(Nanoseconds span) {
  constexpr Nanoseconds kLongest = std::numeric_limits<std::uint32_t>::max();
  tenths_.push_back(static_cast<std::uint32_t>(std::min(span / 100, kLongest)));
}

Latencies::Summary Latencies::summary() {
  if (tenths_.empty()) return {};
  std::sort(tenths_.begin(), tenths_.end());
  const auto at = [this](double fraction) {
    const double last = static_cast<double>(tenths_.size() - 1);
    return tenths_[static_cast<std::size_t>(fraction * last + 0.5)] / 10.0;
  };
  return {.p50 = at(0.5), .p90 = at(0.9), .p99 = at(0.99), .max = at(1)};
}

}  // namespace pistachio::bench
