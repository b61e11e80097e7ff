#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/receipt.h"

namespace pistachio {

/// The leases without an end that this process holds in a store shared by several: the store gives
/// each kLength and renews it here, so that it ends soon after the process does.
class TiedLeases {
 public:
  static constexpr Duration kLength = std::chrono::seconds(30);
  static constexpr Duration kRenewAfter = std::chrono::seconds(10);

  void add(const EndpointName& endpoint, const Receipt& receipt, TimePoint now);
  /// Nothing happens for one that is not held.
  void remove(const Receipt& receipt);

  std::size_t size() const { return held_.size(); }
  /// When the next is to be renewed.
  Deadline next() const;
  /// Calls `renew` for each that is due, which is then due again kRenewAfter from `now`.
  void each_due(TimePoint now,
                const std::function<void(const EndpointName&, const Receipt&)>& renew);
  /// All are due now: the store was away.
  void all_are_due();

 private:
  struct Tied {
    EndpointName endpoint;
    Receipt receipt;
    TimePoint renew_at;
  };
  std::list<Tied> held_;  // the next to be renewed first
  std::unordered_map<Receipt, std::list<Tied>::iterator, ReceiptHash> by_receipt_;
};

}  // namespace pistachio
