#include "core/store/change_list.h"

namespace pistachio {

void ChangeList::added(StoredMessage& message, bool joint) {
  message.dirty = true;
  message.awaited = true;
  message.joint = joint;
  fresh_.push_back(message.id);
  resident_.added(message);
}

void ChangeList::changed(StoredMessage& message) {
  if (message.saved) ++touched_;
  // One that was never written may have been sorted when it was held, and is not any more.
  if (message.dirty && message.saved) return;
  message.dirty = true;
  fresh_.push_back(message.id);
}

void ChangeList::removed(const StoredMessage& message) {
  resident_.removed(message);
  if (message.saved) {
    ++touched_;
    deleted_.push_back({message.id, message.payload.body_size()});
  } else {
    ++spared_;
  }
  // Nothing of a message that was never written is in the file, but its push may be tried again:
  // without its key there a kill would let that bring what a listener was told is settled.
  if (message.awaited && pending_.message_done(message.id)) ++touched_;
}

void ChangeList::rewrite(StoredMessage& message) {
  if (message.dirty) return;
  message.dirty = true;
  fresh_.push_back(message.id);
}

void ChangeList::sort(const MessageTable& messages, TimePoint now) {
  for (const std::uint64_t id : fresh_) {
    const StoredMessage* const message = messages.find(id);
    if (message == nullptr || !message->dirty) continue;
    const bool held = message->state == StoredMessage::State::leased && !message->joint;
    if (!message->awaited) {
      changed_.push_back(id);
    } else if (held && message->pushed_at + hold_back_ > now) {
      // Pushed in this order, so they also end in it, save for one that was given back and taken
      // again, which waits a little longer behind others.
      held_.push_back({id, message->pushed_at + hold_back_});
    } else {
      urgent_.push_back(id);
    }
  }
  fresh_.clear();
  while (!held_.empty()) {
    const Held& first = held_.front();
    // Most have been settled: nothing need be woken for them.
    const StoredMessage* const message = messages.find(first.id);
    const bool waits = message != nullptr && message->dirty && message->awaited;
    if (waits && first.until > now) break;
    if (waits) urgent_.push_back(first.id);
    held_.pop_front();
  }
}

}  // namespace pistachio
