#pragma once

#include "core/store/stored_message.h"

namespace pistachio {

/// Messages in a row, linked through themselves: nothing is allocated, and one can leave from the
/// middle. Owns nothing; a message is in a list of the same `kLinks` once at the most.
template <MessageLinks StoredMessage::*kLinks>
class MessageList {
 public:
  bool empty() const { return first_ == nullptr; }

  /// Null when empty.
  StoredMessage* front() const { return first_; }

  /// Null after the last.
  static StoredMessage* after(const StoredMessage& message) { return (message.*kLinks).after; }

  void push_back(StoredMessage& message) {
    message.*kLinks = {last_, nullptr};
    (last_ != nullptr ? (last_->*kLinks).after : first_) = &message;
    last_ = &message;
  }

  /// `message` must be in this list.
  void erase(StoredMessage& message) {
    const MessageLinks links = message.*kLinks;
    (links.before != nullptr ? (links.before->*kLinks).after : first_) = links.after;
    (links.after != nullptr ? (links.after->*kLinks).before : last_) = links.before;
    message.*kLinks = {};
  }

 private:
  StoredMessage* first_ = nullptr;
  StoredMessage* last_ = nullptr;
};

}  // namespace pistachio
