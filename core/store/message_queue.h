#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/store/message_list.h"
#include "core/store/store.h"
#include "core/store/stored_message.h"

namespace pistachio {

/// The messages of one endpoint: which are available and in what order, which are delayed, which
/// are leased. It knows no time, no receipts and owns no message.
///
/// A message arrives, then changes between being available, delayed and leased, then departs. Its
/// place is a number given when it joins the line; it keeps it while it is leased or hidden and
/// goes back to it. Whatever is returned was first in line once, so all that is returned comes
/// before all that is in line: the first message is the first returned, else the first in line.
class MessageQueue {
 public:
  MessageQueue* next_queue = nullptr;  ///< EndpointTable's
  // BodyFetches'; of no use without a file.
  std::uint32_t fetched_ahead = 0;  ///< messages at the front whose bytes were fetched, about
  bool fetching = false;            ///< more are on their way

  /// `hash` is the name's, which the table that makes a queue has at hand.
  MessageQueue(EndpointName name, std::size_t hash);

  const EndpointName& name() const { return name_; }
  std::size_t hash() const { return hash_; }

  std::size_t queued() const { return queued_; }
  std::size_t delayed() const { return delayed_; }
  std::size_t leased() const { return leased_; }
  bool empty() const { return arrivals_.empty(); }

  /// `message` is one of this endpoint's from now on, the last to come: `arrival` is larger than
  /// any given before. One of the four below must say what it is to be.
  void arrive(StoredMessage& message, std::uint64_t arrival);
  /// It is no more.
  void depart(StoredMessage& message);

  /// Available, at the end. `place` is larger than any that was appended before; it is the arrival
  /// of a message that joins as it comes.
  void append(StoredMessage& message, std::uint64_t place);
  /// Available, at the place that it had.
  void put_back(StoredMessage& message);
  void delay(StoredMessage& message);
  void lease(StoredMessage& message);

  /// The next to be taken. Null when none is available.
  StoredMessage* front() const;
  /// That one is about to be taken. It may have waited long enough to have left the processor's
  /// caches, so they begin to load what taking it needs.
  void expect_claim() const;

  /// The first of all in the order in which they came, whatever their state; null when empty.
  StoredMessage* first_arrival() const { return arrivals_.front(); }
  /// The one that came after it, or null.
  static StoredMessage* next_arrival(const StoredMessage& message) {
    return Arrivals::after(message);
  }

  /// Those that are available or delayed, in the order of the queue; those that have not joined it
  /// yet come last, by their ids.
  std::vector<StoredMessage*> resting() const;

  /// Those of the first `look` available messages whose bytes are not here: `most` of them at the
  /// most, and no more once they have `bytes` bytes.
  std::vector<std::uint64_t> absent_ahead(std::size_t look, std::size_t most,
                                          std::size_t bytes) const;

  EndpointCounts counts(TimePoint now) const;

 private:
  using Arrivals = MessageList<&StoredMessage::arrivals>;
  using Line = MessageList<&StoredMessage::line>;
  struct ByPlace {
    bool operator()(const StoredMessage* a, const StoredMessage* b) const {
      return a->place < b->place;
    }
  };
  struct ById {
    bool operator()(const StoredMessage* a, const StoredMessage* b) const { return a->id < b->id; }
  };

  void leave_state(StoredMessage& message);
  const StoredMessage* oldest() const;

  const std::size_t hash_;
  const EndpointName name_;
  Line in_line_;
  Arrivals arrivals_;
  std::size_t queued_ = 0;
  std::size_t delayed_ = 0;
  std::size_t leased_ = 0;
  std::set<StoredMessage*, ByPlace> returned_;
  std::set<StoredMessage*, ById> late_;  // those available that joined later than at their push
  Line hidden_;
};

}  // namespace pistachio
