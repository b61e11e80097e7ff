#include "core/store/lease_table.h"

#include <cstdint>
#include <cstring>

namespace pistachio {
namespace {

// Receipt's own == may stop at the first byte that differs, and so tell how many were right.
bool same_at_any_rate(const Receipt& a, const Receipt& b) {
  std::uint64_t left[2];
  std::uint64_t right[2];
  static_assert(sizeof(left) == sizeof(a.bits));
  std::memcpy(left, a.bits.data(), sizeof(left));
  std::memcpy(right, b.bits.data(), sizeof(right));
  return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0;
}

}  // namespace

void LeaseTable::lease(StoredMessage& message) {
  message.receipt = receipts_.next();
  table_.insert(message);
}

void LeaseTable::end(StoredMessage& message) { table_.erase(message); }

StoredMessage* LeaseTable::find(const Receipt& receipt) const {
  return table_.find(ReceiptHash{}(receipt), [&receipt](const StoredMessage& message) {
    return same_at_any_rate(message.receipt, receipt);
  });
}

}  // namespace pistachio
