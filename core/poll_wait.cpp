#include "core/poll_wait.h"

#include <algorithm>

namespace pistachio {

bool PollWait::timed_out_by_proxy(Duration age) { return lower_below(age); }

bool PollWait::broke(Duration age) {
  const auto before = last_break_;
  last_break_ = age;
  if (!before) return false;
  const Duration apart = age > *before ? age - *before : *before - age;
  return apart <= std::max(age, *before) / 10 && lower_below(age);
}

bool PollWait::lower_below(Duration age) {
  // A fifth less: what cuts at 60 s must not be met at 59.9 s because a timer was late.
  const Duration lower = age - age / 5;
  if (lower < kShortest || lower >= wait_) return false;
  wait_ = lower;
  last_break_.reset();
  return true;
}

}  // namespace pistachio
