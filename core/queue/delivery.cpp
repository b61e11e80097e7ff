#include "core/queue/delivery.h"

namespace pistachio {

DeliveryId DeliveryTable::add(const EndpointName& endpoint, std::span<const Delivered> messages,
                              bool leased) {
  const Receipt& first = messages.front().receipt;
  auto at = static_cast<std::uint32_t>(slots_.size());
  if (free_.empty()) {
    slots_.push_back({1, {endpoint, first, {}, leased}});
  } else {
    at = free_.back();
    free_.pop_back();
    // Part by part: the memory of the name that was there serves again.
    Delivery& delivery = slots_[at].delivery;
    delivery.endpoint = endpoint;
    delivery.first = first;
    delivery.leased = leased;
  }
  std::vector<Receipt>& more = slots_[at].delivery.more;
  for (const Delivered& each : messages.subspan(1)) more.push_back(each.receipt);
  return DeliveryId{slots_[at].serial} << 32 | at;
}

}  // namespace pistachio
