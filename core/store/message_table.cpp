#include "core/store/message_table.h"

#include <utility>

namespace pistachio {

// Eight ids in a row share a cache line of buckets, since they tend to come and go together; the
// lines are spread, so that survivors at regular distances do not meet in one bucket. Both halves
// of the product are needed: the low one spreads neighbours, the high one what is far apart.
std::size_t MessageTable::Hash::of(std::uint64_t id) {
  const std::uint64_t product = (id >> 3) * 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>((product ^ product >> 32) << 3 | (id & 7));
}

MessageTable::~MessageTable() {
  table_.for_each([](StoredMessage& message) { delete &message; });
}

StoredMessage& MessageTable::add() {
  auto message = std::make_unique<StoredMessage>();
  message->id = last_id_ + 1;
  return adopt(std::move(message));
}

StoredMessage& MessageTable::adopt(std::unique_ptr<StoredMessage> message) {
  last_id_ = message->id;
  table_.insert(*message);
  return *message.release();
}

void MessageTable::erase(StoredMessage& message) {
  table_.erase(message);
  delete &message;
}

StoredMessage* MessageTable::find(std::uint64_t id) const {
  return table_.find(Hash::of(id), [id](const StoredMessage& message) { return message.id == id; });
}

}  // namespace pistachio
