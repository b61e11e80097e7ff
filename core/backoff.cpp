#include "core/backoff.h"

#include <algorithm>

namespace pistachio {

Duration Backoff::ceiling(unsigned failures) const {
  Duration span = std::min(first, most);
  for (unsigned doubled = 1; doubled < failures && span < most; ++doubled) {
    span = span > most / 2 ? most : span * 2;
    if (span == Duration::zero()) break;
  }
  return span;
}

Duration Backoff::delay(unsigned failures, double random) const {
  const auto most_now = static_cast<double>(ceiling(failures).count());
  return Duration(static_cast<Duration::rep>(most_now * std::clamp(random, 0.0, 1.0)));
}

}  // namespace pistachio
