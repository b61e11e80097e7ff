#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/message.h"
#include "core/receipt.h"

namespace pistachio {

class MessageQueue;
struct StoredMessage;

/// A message's neighbours in one MessageList.
struct MessageLinks {
  StoredMessage* before = nullptr;
  StoredMessage* after = nullptr;
};

/// One message at rest, in one allocation (and one more for a body longer than 15 bytes). The
/// MessageTable owns it; queue, leases and timetable point at it and keep what they need to find it
/// again in the members below, each of which says whose it is.
struct StoredMessage {
  /// Where it is within its queue.
  enum class State : std::uint8_t {
    arriving,  ///< nowhere yet
    in_line,   ///< available, never taken since it joined
    returned,  ///< available again, at the place it had
    delayed,   ///< hidden until its time has come
    leased,
  };

  // MessageQueue's.
  MessageLinks arrival;  ///< all messages of the endpoint, in the order in which they came to it
  MessageLinks line;     ///< those in line, or those delayed
  MessageQueue* queue = nullptr;
  std::uint64_t place = 0;  ///< its order in the queue; 0 before it has joined for the first time
  State state = State::arriving;
  bool late = false;  ///< it joined the queue later than at its push

  std::uint32_t attempts = 0;  ///< deliveries that were counted
  std::uint64_t id = 0;
  Deadline expires;  ///< the end of its ttl; never once somebody took it
  TimePoint pushed_at{};
  std::string body;
  std::string content_type;

  // MessageTable's.
  StoredMessage* next_id = nullptr;

  // Timetable's: what it is filed under, never when it is not.
  Deadline wish;

  // LeaseTable's, while it is leased.
  StoredMessage* next_lease = nullptr;
  Receipt receipt;

  bool is_available() const { return state == State::in_line || state == State::returned; }
};

}  // namespace pistachio
