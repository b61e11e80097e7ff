#pragma once

#include <cstddef>

#include "core/receipt.h"
#include "core/store/linear_table.h"
#include "core/store/stored_message.h"

namespace pistachio {

/// Who holds what: the leased messages by their receipts. A receipt is made for one delivery and
/// forgotten with it.
class LeaseTable {
 public:
  /// Gives `message`, which must not be leased, a receipt of its own.
  void lease(StoredMessage& message);

  /// Forgets the receipt of `message`, which must be leased.
  void end(StoredMessage& message);

  /// Null when the receipt holds no message. How long it takes does not tell how much of a guess
  /// was right.
  StoredMessage* find(const Receipt& receipt) const;

  std::size_t size() const { return table_.size(); }
  std::size_t buckets() const { return table_.buckets(); }

 private:
  struct Hash {
    std::size_t operator()(const StoredMessage& message) const {
      return ReceiptHash{}(message.receipt);
    }
  };

  LinearTable<StoredMessage, &StoredMessage::next_lease, Hash> table_;
  ReceiptMaker receipts_;
};

}  // namespace pistachio
