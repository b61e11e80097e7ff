#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/store/store.h"

namespace pistachio {

/// The pushes that have not been answered, because not all of their messages are in the file or
/// gone. Pushes are found by the ids of their messages, which ascend with the pushes.
class PendingPushes {
 public:
  /// The messages `first_id` … `first_id + count - 1`, none of them settled yet. `keyed`: its key
  /// must be written, too. Ids are larger than in any call before.
  void add(std::uint64_t first_id, std::size_t count, bool keyed, Store::Done<Pushed> done);

  /// Another push under the key of the one whose first message is `first_id` is answered with it;
  /// false, and nothing done, when that one has been answered.
  bool follow(std::uint64_t first_id, Store::Done<Pushed>& done);

  /// One of its messages is in the file, or gone. Not to be called twice for one message. True when
  /// the key of its push has yet to come to the file.
  bool message_done(std::uint64_t id);
  /// Its key is in the file.
  void key_done(std::uint64_t first_id);

  struct Failed {
    std::uint64_t first_id = 0;
    std::size_t count = 0;  ///< 0: it had been answered, or waits for its key only
  };
  /// It could not be written, and is answered with that, unless every message has gone already.
  Failed fail(std::uint64_t id, const Error& error);

  /// `id` is the first of a push that waits, or of none that does.
  bool is_first(std::uint64_t id) {
    const Entry* const entry = find(id);
    return entry == nullptr || entry->first_id == id;
  }

  /// Calls the completions of those that are done, in the order in which that happened. True when
  /// there were any.
  bool answer();

  /// Forgets all, without calling anything.
  void drop();

  std::size_t size() const { return open_; }

 private:
  struct Entry {
    std::uint64_t first_id = 0;
    std::size_t count = 0;
    std::size_t messages_open = 0;
    bool key_open = false;
    bool answered = false;
    Store::Done<Pushed> done;
    std::vector<Store::Done<Pushed>> followers;
  };

  Entry* find(std::uint64_t id);
  void end_if_done(Entry& entry);
  void end(Entry& entry, Expected<Pushed> result);

  std::deque<Entry> entries_;  // those that were answered stay until they are the first
  std::size_t open_ = 0;
  std::vector<std::pair<Store::Done<Pushed>, Expected<Pushed>>> ready_;
  std::vector<std::pair<Store::Done<Pushed>, Expected<Pushed>>> answering_;  // between calls empty
};

}  // namespace pistachio
