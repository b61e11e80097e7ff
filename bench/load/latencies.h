#pragma once

#include <cstdint>
#include <vector>

#include "bench/load/nanoseconds.h"

namespace pistachio::bench {

/// How long messages took, kept one by one: percentiles are exact.
class Latencies {
 public:
  /// Microseconds.
  struct Summary {
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    double max = 0;
  };

  /// So that growing does not stall a measurement.
  void reserve(std::size_t count) { tenths_.reserve(count); }
  void add(Nanoseconds span);

  /// All zero when nothing was added. Sorts: not for the hot path.
  Summary summary();

 private:
  std::vector<std::uint32_t> tenths_;  // of a microsecond
};

}  // namespace pistachio::bench
