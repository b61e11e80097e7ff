#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/endpoint_name.h"
#include "core/message.h"
#include "core/receipt.h"

namespace pistachio {

/// Names one answer that is under way to a client; never reused. 0 is none.
using DeliveryId = std::uint64_t;

/// What one answer carried, until its fate is known.
struct Delivery {
  EndpointName endpoint;
  Receipt first;
  std::vector<Receipt> more;  ///< empty unless several messages went out in one answer
  bool leased = false;        ///< the client holds the receipts: receiving them settles nothing
};

/// The answers under way. A slot per answer and a serial number in its id: finding one costs an
/// index, and an id whose answer has been dealt with finds nothing.
class DeliveryTable {
 public:
  DeliveryId add(const EndpointName& endpoint, std::span<const Delivered> messages, bool leased);

  /// Removes it once `use(const Delivery&)` has returned, which must not come back to this table.
  /// False when `id` is not under way (any more).
  template <class Use>
  bool take(DeliveryId id, const Use& use);

  std::size_t size() const { return slots_.size() - free_.size(); }

 private:
  struct Slot {
    std::uint32_t serial;  // never 0, so that no id is 0
    Delivery delivery;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

template <class Use>
bool DeliveryTable::take(DeliveryId id, const Use& use) {
  const auto at = static_cast<std::uint32_t>(id);
  if (at >= slots_.size()) return false;
  Slot& slot = slots_[at];
  if (slot.serial != static_cast<std::uint32_t>(id >> 32)) return false;
  use(std::as_const(slot.delivery));
  slot.delivery.more = {};
  if (++slot.serial == 0) slot.serial = 1;
  free_.push_back(at);
  return true;
}

}  // namespace pistachio
