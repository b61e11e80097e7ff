#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

#include "core/clock.h"
#include "core/store/stored_message.h"

namespace pistachio {

/// What happens to which message when: the end of a delay, a ttl or a lease. A message waits for
/// one of them at a time, the first, so it is filed once; the queue that holds it knows which it is
/// when the time comes. Those without a deadline are not here and cost nothing.
class Timetable {
 public:
  /// Files `message`, which must not be filed, under `when`; never means not at all.
  void file(StoredMessage& message, Deadline when);

  /// Takes it out if it is in.
  void strike(StoredMessage& message);

  /// The first message by time, then id. Null when there is none.
  StoredMessage* first() const;

  /// When that is, or never.
  Deadline next() const;

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    TimePoint at;
    std::uint64_t id;
    StoredMessage* message;
    bool operator<(const Entry& other) const {
      return at != other.at ? at < other.at : id < other.id;
    }
  };
  std::set<Entry> entries_;
};

}  // namespace pistachio
