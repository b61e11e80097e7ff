#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
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

  /// Removes it and hands it over; nothing when `id` is not under way (any more).
  std::optional<Delivery> take(DeliveryId id);

  std::size_t size() const { return slots_.size() - free_.size(); }

 private:
  struct Slot {
    std::uint32_t serial;
    Delivery delivery;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace pistachio
