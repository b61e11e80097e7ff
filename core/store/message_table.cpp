#include "core/store/message_table.h"

#include <cassert>
#include <utility>

namespace pistachio {

// Both halves of the product are needed: the low one spreads neighbours, the high one what is far
// apart.
std::size_t MessageTable::Hash::of(std::uint64_t number) {
  const std::uint64_t product = number * 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(product ^ product >> 32);
}

MessageTable::~MessageTable() {
  pages_.for_each([](Page& page) {
    for (StoredMessage* const message : page.messages) delete message;
    delete &page;
  });
}

MessageTable::Page* MessageTable::find_page(std::uint64_t number) const {
  if (newest_ != nullptr && newest_->number == number) return newest_;
  return pages_.find(Hash::of(number),
                     [number](const Page& page) { return page.number == number; });
}

MessageTable::Page& MessageTable::page_for(std::uint64_t number) {
  if (newest_ != nullptr && newest_->number == number) return *newest_;
  if (newest_ != nullptr && newest_->held == 0) drop(*newest_);
  newest_ = nullptr;
  auto page = std::make_unique<Page>();
  page->number = number;
  pages_.insert(*page);
  newest_ = page.release();
  return *newest_;
}

void MessageTable::drop(Page& page) {
  pages_.erase(page);
  delete &page;
}

StoredMessage& MessageTable::add() {
  auto message = std::make_unique<StoredMessage>();
  message->id = last_id_ + 1;
  return adopt(std::move(message));
}

StoredMessage& MessageTable::adopt(std::unique_ptr<StoredMessage> message) {
  assert(last_id_ < message->id);
  last_id_ = message->id;
  Page& page = page_for(last_id_ / kPageIds);
  ++page.held;
  ++size_;
  page.messages[last_id_ % kPageIds] = message.get();
  return *message.release();
}

void MessageTable::erase(StoredMessage& message) {
  Page& page = *find_page(message.id / kPageIds);
  page.messages[message.id % kPageIds] = nullptr;
  delete &message;
  --size_;
  if (--page.held == 0 && &page != newest_) drop(page);
}

StoredMessage* MessageTable::find(std::uint64_t id) const {
  const Page* const page = find_page(id / kPageIds);
  return page == nullptr ? nullptr : page->messages[id % kPageIds];
}

}  // namespace pistachio
