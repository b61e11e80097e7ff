#include "cli/trouble.h"

#include <ostream>

#include "cli/units.h"

namespace pistachio::cli {

Trouble::Trouble(std::ostream& err, std::string prefix, Backoff backoff,
                 std::optional<Duration> retry_for)
    : err_(err),
      prefix_(std::move(prefix)),
      backoff_(backoff),
      retry_for_(retry_for),
      random_(std::random_device{}()) {}

Duration Trouble::next_pause(TimePoint now) {
  if (failures_++ == 0) since_ = now;
  return backoff_.delay(failures_, std::generate_canonical<double, 32>(random_));
}

std::optional<Duration> Trouble::failed(const std::string& what,
                                        std::optional<Duration> retry_after, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const Duration by_backoff = next_pause(now);
  const Duration pause = retry_after.value_or(by_backoff);
  if (retry_for_ && now + pause >= since_ + *retry_for_) {
    err_ << prefix_ << what;
    if (failures_ > 1) err_ << "; gave up after " << failures_ << " attempts";
    err_ << std::endl;
    return std::nullopt;
  }
  if (!announced_) err_ << prefix_ << what << "; trying again" << std::endl;
  announced_ = true;
  return pause;
}

Duration Trouble::pause(TimePoint now) {
  const std::lock_guard lock(mutex_);
  return next_pause(now);
}

void Trouble::over(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (announced_)
    err_ << prefix_ << "all is well again after " << describe(now - since_) << std::endl;
  announced_ = false;
  failures_ = 0;
}

void Trouble::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  err_ << prefix_ << line << std::endl;
}

}  // namespace pistachio::cli
