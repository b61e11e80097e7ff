#include "core/store/tied_leases.h"

namespace pistachio {

void TiedLeases::add(const EndpointName& endpoint, const Receipt& receipt, TimePoint now) {
  held_.push_back({endpoint, receipt, now + kRenewAfter});
  by_receipt_.emplace(receipt, std::prev(held_.end()));
}

void TiedLeases::remove(const Receipt& receipt) {
  const auto found = by_receipt_.find(receipt);
  if (found == by_receipt_.end()) return;
  held_.erase(found->second);
  by_receipt_.erase(found);
}

Deadline TiedLeases::next() const {
  return held_.empty() ? Deadline::never() : Deadline(held_.front().renew_at);
}

void TiedLeases::each_due(TimePoint now,
                          const std::function<void(const EndpointName&, const Receipt&)>& renew) {
  while (!held_.empty() && held_.front().renew_at <= now) {
    Tied& tied = held_.front();
    renew(tied.endpoint, tied.receipt);
    tied.renew_at = now + kRenewAfter;
    held_.splice(held_.end(), held_, held_.begin());
  }
}

void TiedLeases::all_are_due() {
  for (Tied& tied : held_) tied.renew_at = TimePoint::min();
}

}  // namespace pistachio
