#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/store/linear_table.h"
#include "core/store/stored_message.h"

namespace pistachio {

/// All messages of a store by their id, and their owner: what is not in here does not exist.
class MessageTable {
 public:
  MessageTable() = default;
  MessageTable(const MessageTable&) = delete;
  MessageTable& operator=(const MessageTable&) = delete;
  ~MessageTable();

  /// A message with the next id: one more than the last, from 1. The reference stays good until
  /// erase().
  StoredMessage& add();

  /// Takes in a message that has an id, larger than any before.
  StoredMessage& adopt(std::unique_ptr<StoredMessage> message);
  /// That many are about to come into an empty table.
  void reserve(std::size_t count) { table_.reserve(count); }

  /// The last id that was given, or is to count as such: not smaller than any that was.
  std::uint64_t last_id() const { return last_id_; }
  void give_ids_after(std::uint64_t id) { last_id_ = id; }

  /// Deletes it. Whoever else points at it must have let go before.
  void erase(StoredMessage& message);

  /// Null when there is none.
  StoredMessage* find(std::uint64_t id) const;

  std::size_t size() const { return table_.size(); }
  std::size_t buckets() const { return table_.buckets(); }
  std::size_t longest_chain() const { return table_.longest_chain(); }

 private:
  struct Hash {
    std::size_t operator()(const StoredMessage& message) const { return of(message.id); }
    static std::size_t of(std::uint64_t id);
  };

  LinearTable<StoredMessage, &StoredMessage::next_id, Hash> table_;
  std::uint64_t last_id_ = 0;
};

}  // namespace pistachio
