#pragma once

#include "core/clock.h"

namespace pistachio {

/// Exponential backoff with full jitter: the n-th wait in a row is a random part of first · 2ⁿ, and
/// never more than `most`. A pure value: the random number is an argument, so that a test knows
/// what comes out and clients that fail together do not come back together.
struct Backoff {
  Duration first = std::chrono::milliseconds(250);
  Duration most = std::chrono::seconds(30);

  /// How long to wait after `failures` failures in a row (from 1; 0 counts as 1). `random` is
  /// uniform in [0, 1]; numbers outside are taken for the nearer end.
  Duration delay(unsigned failures, double random) const;

  /// The longest that delay() may say: first, 2 · first, 4 · first … most.
  Duration ceiling(unsigned failures) const;
};

}  // namespace pistachio
