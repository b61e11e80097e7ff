#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/store/linear_table.h"
#include "core/store/stored_message.h"

namespace pistachio {

/// All messages of a store by their id, and their owner: what is not in here does not exist.
///
/// Ids are given one after the other, and messages leave in about the order in which they came, so
/// kPageIds ids in a row share a page, which they keep warm in the caches for each other, and a
/// message costs twelve bytes here. One that stays alone of its page costs all of it, 160 bytes.
class MessageTable {
 public:
  static constexpr std::size_t kPageIds = 16;

  MessageTable() = default;
  MessageTable(const MessageTable&) = delete;
  MessageTable& operator=(const MessageTable&) = delete;
  ~MessageTable();

  /// A message with the next id: one more than the last, from 1. The reference stays good until
  /// erase().
  StoredMessage& add();

  /// Takes in a message that has an id, larger than any before.
  StoredMessage& adopt(std::unique_ptr<StoredMessage> message);

  /// The last id that was given, or is to count as such: not smaller than any that was.
  std::uint64_t last_id() const { return last_id_; }
  void give_ids_after(std::uint64_t id) { last_id_ = id; }

  /// Deletes it. Whoever else points at it must have let go before.
  void erase(StoredMessage& message);

  /// Null when there is none.
  StoredMessage* find(std::uint64_t id) const;

  std::size_t size() const { return size_; }

  // For tests of what is left behind, and of how long finding takes.
  std::size_t pages() const { return pages_.size(); }
  std::size_t longest_chain() const { return pages_.longest_chain(); }

 private:
  struct Page {
    std::uint64_t number = 0;  // its ids, each divided by kPageIds
    Page* next = nullptr;      // the LinearTable's
    std::size_t held = 0;
    std::array<StoredMessage*, kPageIds> messages{};
  };
  struct Hash {
    std::size_t operator()(const Page& page) const { return of(page.number); }
    static std::size_t of(std::uint64_t number);
  };

  Page* find_page(std::uint64_t number) const;
  Page& page_for(std::uint64_t number);
  void drop(Page& page);

  LinearTable<Page, &Page::next, Hash> pages_;
  Page* newest_ = nullptr;  // stays when it is empty: the next id is likely to be one of its own
  std::size_t size_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace pistachio
