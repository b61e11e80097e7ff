#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/receipt.h"
#include "core/store/payload.h"

namespace pistachio {

class MessageQueue;
struct StoredMessage;

/// A message's neighbours in one MessageList.
struct MessageLinks {
  StoredMessage* before = nullptr;
  StoredMessage* after = nullptr;
};

/// One message at rest, in one allocation and one more for its bytes. The MessageTable owns it;
/// queue, leases and timetable point at it and keep what they need to find it again in the members
/// below, each of which says whose it is.
struct StoredMessage {
  /// Where it is within its queue.
  enum class State : std::uint8_t {
    arriving,  ///< nowhere yet
    in_line,   ///< available, never taken since it joined
    returned,  ///< available again, at the place it had
    delayed,   ///< hidden until its time has come
    leased,
  };

  StoredMessage() : line() {}

  // MessageQueue's.
  MessageLinks arrivals;  ///< all messages of the endpoint, in the order in which they came to it
  // One that is leased is in no line.
  union {
    MessageLinks line;  ///< those in line, or those delayed
    Receipt receipt;    ///< LeaseTable's, while it is leased
  };
  MessageQueue* queue = nullptr;
  std::uint64_t arrival = 0;  ///< when it came to the endpoint, in the order of all
  /// Its order in the queue, its arrival if it joined then; 0 before it has joined for the first
  /// time.
  std::uint64_t place = 0;

  std::uint64_t id = 0;
  Deadline expires;  ///< the end of its ttl; never once somebody took it
  TimePoint pushed_at{};
  Payload payload;

  // Timetable's: what it is filed under, never when it is not.
  Deadline wish;

  // LeaseTable's, while it is leased.
  StoredMessage* next_lease = nullptr;

  std::uint32_t attempts = 0;  ///< deliveries that were counted
  State state = State::arriving;

  // Journal's; false without one.
  bool saved : 1 = false;      ///< a batch has had it: the file may have a row of it
  bool committed : 1 = false;  ///< the file has a row of it
  bool dirty : 1 = false;      ///< that row is not, or not yet, what it should be
  bool awaited : 1 = false;    ///< its push waits until it is committed or gone
  bool joint : 1 = false;      ///< to be written together with others of its push, or with its key
  bool refused : 1 = false;    ///< its push was refused while it was leased: it ends with that
  bool fetched : 1 = false;    ///< ResidentBodies': its bytes have come back from the file

  bool is_available() const { return state == State::in_line || state == State::returned; }
  /// It joined the queue later than it came to the endpoint.
  bool late() const { return place != arrival; }
};

// Two million of them wait in the memory that the file store promises to get along with.
static_assert(sizeof(void*) != 8 || sizeof(StoredMessage) <= 120);

}  // namespace pistachio
