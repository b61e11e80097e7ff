// The part of Journal that puts into a batch what has changed.

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/store/holdings.h"
#include "core/store/journal.h"

namespace pistachio {
namespace {

// One batch holds no more than this, unless one push does: what a failed one leaves in the log must
// fit into the ballast, and nobody should wait long for others' bytes.
constexpr std::size_t kBatchBytes = 4 << 20;
constexpr std::size_t kBatchRows = 20'000;

// The file has no row of it, nor has a batch that is made or under way.
bool is_unwritten(const StoredMessage& message) { return message.dirty && !message.committed; }

}  // namespace

JournalBatch Journal::make_batch(const Holdings& holdings, bool with_new) {
  JournalBatch batch = std::move(spare_);
  spare_ = {};
  last_queue_ = nullptr;
  const MessageTable& messages = holdings.messages();
  const auto is_large = [&batch] {
    return batch.bytes.size() >= kBatchBytes || batch.rows.size() >= kBatchRows;
  };
  batch.deleted.swap(changes_.deleted());
  if (with_new) add_rows_beside_gone(batch, messages);
  std::deque<std::uint64_t>& urgent = changes_.urgent();
  while (with_new && !urgent.empty()) {
    StoredMessage* const message = messages.find(urgent.front());
    // What was pushed together is written together.
    if (is_large() && (message == nullptr || !message->joint || pending_.is_first(message->id))) {
      break;
    }
    urgent.pop_front();
    if (message != nullptr && message->dirty) add_row(batch, *message);
  }
  std::vector<std::uint64_t> later;
  for (const std::uint64_t id : changes_.changed()) {
    StoredMessage* const message = messages.find(id);
    if (message == nullptr || !message->dirty) continue;
    if ((message->committed || with_new) && !is_large()) {
      add_row(batch, *message);
    } else {
      later.push_back(id);
    }
  }
  changes_.changed().swap(later);
  const auto add_keys = [&](std::vector<KeyTable::Entry>& from,
                            std::vector<JournalBatch::Key>& to) {
    for (const KeyTable::Entry& entry : from) {
      to.push_back({options_.clock.wall_ms(entry.ends).value_or(0),
                    add_name(batch, entry.endpoint()), batch.append(entry.key()),
                    batch.append(entry.fingerprint()), entry.first_id, entry.count});
    }
  };
  if (with_new) {
    take_new_keys(messages);
    add_keys(keys_under_way_, batch.keys);
  }
  dead_keys_under_way_ = std::exchange(dead_keys_, {});
  add_keys(dead_keys_under_way_, batch.dead_keys);
  if (keys_ended_) batch.keys_ended = options_.clock.wall_ms(*keys_ended_);
  keys_ended_under_way_ = std::exchange(keys_ended_, std::nullopt);
  if (reserve_up_to_ != reserved_) batch.reserved = reserve_up_to_;
  patience_ends_ = Deadline::never();
  return batch;
}

// Of a push that waits for its key some messages may have been settled, which is answered with this
// batch: so the key must be in it, else the push, tried again after a kill, would bring those back;
// and so must be all others, else they would not come at all.
void Journal::add_rows_beside_gone(JournalBatch& batch, const MessageTable& messages) {
  for (const KeyTable::Entry& key : new_keys_) {
    bool some_gone = false;
    for (std::uint64_t id = key.first_id; id < key.first_id + key.count && !some_gone; ++id) {
      some_gone = messages.find(id) == nullptr;
    }
    for (std::uint64_t id = key.first_id; id < key.first_id + key.count && some_gone; ++id) {
      StoredMessage* const message = messages.find(id);
      if (message != nullptr && is_unwritten(*message)) add_row(batch, *message);
    }
  }
}

// A key in the file answers for its push: it goes there with the last of its messages, not before,
// or a kill would leave a push that, tried again, is answered without being there.
void Journal::take_new_keys(const MessageTable& messages) {
  const auto later = std::stable_partition(
      new_keys_.begin(), new_keys_.end(), [&messages](const KeyTable::Entry& key) {
        for (std::uint64_t id = key.first_id; id < key.first_id + key.count; ++id) {
          const StoredMessage* const message = messages.find(id);
          if (message != nullptr && is_unwritten(*message)) return false;
        }
        return true;
      });
  keys_under_way_.assign(std::make_move_iterator(new_keys_.begin()),
                         std::make_move_iterator(later));
  new_keys_.erase(new_keys_.begin(), later);
}

JournalBatch::Slice Journal::add_name(JournalBatch& batch, std::string_view name) const {
  if (options_.name_space.empty()) return batch.append(name);
  JournalBatch::Slice slice = batch.append(options_.name_space);
  slice.size += batch.append(":").size;
  slice.size += batch.append(name).size;
  return slice;
}

void Journal::add_row(JournalBatch& batch, StoredMessage& message) {
  if (message.queue != last_queue_) {
    last_queue_ = message.queue;
    last_name_ = add_name(batch, message.queue->name().text());
  }
  JournalBatch::Row row;
  row.id = message.id;
  row.endpoint = last_name_;
  row.place = message.place;
  row.arrival = message.arrival;
  row.attempts = message.attempts;
  row.pushed_at = options_.clock.wall_ms(message.pushed_at);
  if (message.state == StoredMessage::State::delayed) {
    row.hidden_until = options_.clock.wall_ms(message.wish);
  }
  row.expires_at = options_.clock.wall_ms(message.expires);
  row.whole = !message.committed;
  if (row.whole) {
    row.type = batch.append(message.payload.type());
    row.body = batch.append(message.payload.body());
  }
  batch.rows.push_back(row);
  message.dirty = false;
  message.saved = true;
}

}  // namespace pistachio
