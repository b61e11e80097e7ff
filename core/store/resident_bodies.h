#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/store/message_table.h"

namespace pistachio {

/// Which messages of a file store have their bytes in memory, and which of them let go of theirs
/// when that is more than the budget: those that will be needed last, which is mostly those that
/// came last.
class ResidentBodies {
 public:
  struct Options {
    /// Bytes for messages, their bodies and what is kept of each beside it.
    std::size_t budget = 256u << 20;
    /// Of these at least so many are for bodies, however many messages there are: what is fetched
    /// ahead of need must have a place.
    std::size_t least = 16u << 20;
  };

  explicit ResidentBodies(Options options) : options_(options) {}

  // What became of a message whose bytes are in memory.
  void added(const StoredMessage& message) { bytes_ += cost(message); }
  void removed(const StoredMessage& message) {
    if (!message.payload.present()) return;
    bytes_ -= cost(message);
    if (message.fetched) fetched_bytes_ -= cost(message);
  }
  /// The file has its bytes, too, from now on: they may be let go.
  void committed(const StoredMessage& message) { order_.push_back(message.id); }
  /// Its bytes have come back, since it will be needed soon.
  void fetched(StoredMessage& message) {
    message.fetched = true;
    bytes_ += cost(message);
    fetched_bytes_ += cost(message);
    order_.push_front(message.id);
  }

  /// How many more bytes may be fetched ahead of need without crowding out what was fetched
  /// before and still waits.
  std::size_t room_for_fetched(const MessageTable& messages) const;

  /// Lets go until the budget holds. True when it let go of anything.
  bool keep_budget(const MessageTable& messages);

  std::size_t bytes() const { return bytes_; }

 private:
  static std::size_t cost(const StoredMessage& message);
  std::size_t allowed(const MessageTable& messages) const;

  const Options options_;
  std::size_t bytes_ = 0;
  std::size_t fetched_bytes_ = 0;    // of these, what has come back from the file
  std::deque<std::uint64_t> order_;  // by id, those to let go first at the end; some have gone
};

}  // namespace pistachio
