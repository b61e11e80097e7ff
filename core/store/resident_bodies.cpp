#include "core/store/resident_bodies.h"

#include <algorithm>

namespace pistachio {
namespace {

// What one message takes beside its bytes: itself, its place in a page, what the allocator adds.
constexpr std::size_t kBookkeeping = sizeof(StoredMessage) + 40;

constexpr std::size_t kAllocation = 16;  // what the allocator adds to the bytes

}  // namespace

std::size_t ResidentBodies::cost(const StoredMessage& message) {
  return message.payload.size() + kAllocation;
}

std::size_t ResidentBodies::allowed(const MessageTable& messages) const {
  const std::size_t kept = messages.size() * kBookkeeping;
  return options_.budget > kept + options_.least ? options_.budget - kept : options_.least;
}

std::size_t ResidentBodies::room_for_fetched(const MessageTable& messages) const {
  const std::size_t most = allowed(messages) / 2;
  return most > fetched_bytes_ ? most - fetched_bytes_ : 0;
}

bool ResidentBodies::keep_budget(const MessageTable& messages) {
  bool let_go = false;
  const std::size_t most = allowed(messages);
  while (bytes_ > most && !order_.empty()) {
    StoredMessage* const message = messages.find(order_.back());
    order_.pop_back();
    if (message == nullptr || !message->payload.present()) continue;
    removed(*message);
    message->fetched = false;
    message->payload.let_go();
    let_go = true;
  }
  // Those that have gone leave their ids behind.
  if (order_.size() > 2 * messages.size() + 4096) {
    std::erase_if(order_, [&messages](std::uint64_t id) { return messages.find(id) == nullptr; });
    order_.shrink_to_fit();
  }
  return let_go;
}

}  // namespace pistachio
