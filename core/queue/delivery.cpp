#include "core/queue/delivery.h"

#include <utility>

namespace pistachio {

DeliveryId DeliveryTable::add(const EndpointName& endpoint, std::span<const Delivered> messages,
                              bool leased) {
  Delivery delivery{endpoint, messages.front().receipt, {}, leased};
  for (const Delivered& each : messages.subspan(1)) delivery.more.push_back(each.receipt);
  std::uint32_t at = 0;
  if (free_.empty()) {
    at = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back({1, std::move(delivery)});
  } else {
    at = free_.back();
    free_.pop_back();
    slots_[at].delivery = std::move(delivery);
  }
  return DeliveryId{slots_[at].serial} << 32 | at;
}

std::optional<Delivery> DeliveryTable::take(DeliveryId id) {
  const auto at = static_cast<std::uint32_t>(id);
  if (at >= slots_.size() || slots_[at].serial != static_cast<std::uint32_t>(id >> 32))
    return std::nullopt;
  Delivery delivery = std::move(slots_[at].delivery);
  // Serial 0 is left out, so that no id is 0.
  if (++slots_[at].serial == 0) slots_[at].serial = 1;
  free_.push_back(at);
  return delivery;
}

}  // namespace pistachio
