#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/message.h"
#include "core/receipt.h"
#include "core/store/change_list.h"
#include "core/store/endpoint_table.h"
#include "core/store/journal_batch.h"
#include "core/store/lease_table.h"
#include "core/store/message_table.h"
#include "core/store/store.h"
#include "core/store/store_totals.h"
#include "core/store/timetable.h"
#include "core/store/wall_clock.h"

namespace pistachio {

/// The messages that a LocalStore holds, and everything that can happen to one:
///
///     push ──► delayed ──► available ──► leased ──► settled
///        └───────────────►    ▲  ▲         │ │
///     redriven ───────────────┘  └─────────┘ └──► dead letter (available, in another endpoint)
///                                given back,
///                                lease ended
///
/// and from delayed or available: expired, purged. Each happens at once, at the time it is given.
/// What a restart must find again changes in admit, forget, transfer, count (attempts), hide, and
/// where a message that was delayed joins or one with a ttl is taken, and nowhere else.
class Holdings {
 public:
  explicit Holdings(std::uint32_t max_attempts) : max_attempts_(max_attempts) {}

  /// Tells `changes`, which must outlive this, of every change of what a restart must find again.
  void note_in(ChangeList* changes) { changes_ = changes; }

  /// Rung whenever messages became available, with their number.
  void set_bell(Store::Bell bell) { bell_ = std::move(bell); }

  /// Does what was due until `now`, in the order in which it was due: delays, ttls and leases end.
  /// True when there was anything.
  bool run_due(TimePoint now);

  /// When that is next needed.
  Deadline next() const { return timetable_.next(); }

  /// Takes all messages of `push`; returns the first one's id, the others have those that follow.
  std::uint64_t push(Push&& push, TimePoint now);

  /// Null when the endpoint holds nothing. Valid until the next change.
  MessageQueue* find(const EndpointName& endpoint) const { return endpoints_.find(endpoint); }
  std::vector<const MessageQueue*> sorted(const ListQuery& query) const {
    return endpoints_.sorted(query);
  }

  /// Leases the first available message of `queue` if its body is not longer than `max_bytes`;
  /// null when there is none.
  const StoredMessage* claim(MessageQueue& queue, std::size_t max_bytes, Deadline lease_ends);

  /// What the receipt holds, provided it is a message of `endpoint`; else null.
  StoredMessage* held(const EndpointName& endpoint, const Receipt& receipt) const;

  // These take what held() gave.
  void settle(StoredMessage& message);
  void give_back(StoredMessage& message, const GiveBack& how, TimePoint now);
  void extend(StoredMessage& message, Deadline lease_ends);

  /// Removes what is available or delayed; returns how many that was.
  std::size_t purge(const EndpointName& endpoint);
  /// False when `endpoint` has no available or delayed message with that id.
  bool remove(const EndpointName& endpoint, std::uint64_t id);
  std::size_t redrive(const EndpointName& dead);

  /// Undoes the push of a message that is available or delayed.
  void withdraw(StoredMessage& message);

  /// Takes in a message as the file has it, whose bytes stay there. Ids ascend. Until
  /// arrange_restored() it cannot be found.
  void restore(const SavedMessage& saved, const EndpointName& endpoint, const WallClock& clock);
  /// All that were restored are where they were; those that were leased are available, those whose
  /// time came meanwhile are due. Ids go on after `last_id`.
  void arrange_restored(std::uint64_t last_id, TimePoint now);

  std::uint64_t last_id() const { return messages_.last_id(); }
  StoreTotals totals() const;

  // How much there is of everything, for tests of what is left behind.
  const EndpointTable& endpoints() const { return endpoints_; }
  const MessageTable& messages() const { return messages_; }
  const LeaseTable& leases() const { return leases_; }
  const Timetable& timetable() const { return timetable_; }

 private:
  std::uint64_t admit(MessageQueue& queue, NewMessage&& message, bool joint, TimePoint now);
  void forget(StoredMessage& message);
  void transfer(StoredMessage& message, MessageQueue& to);
  void count(StoredMessage& message);
  void hide(StoredMessage& message, Deadline until);

  void detach(StoredMessage& message);
  void make_available(StoredMessage& message);
  void bury(StoredMessage& message);
  void expire(StoredMessage& message);
  void note_change(StoredMessage& message);
  void ring(const MessageQueue& queue, std::size_t available);

  const std::uint32_t max_attempts_;
  ChangeList* changes_ = nullptr;
  Store::Bell bell_;
  MessageTable messages_;
  EndpointTable endpoints_;
  LeaseTable leases_;
  Timetable timetable_;
  std::uint64_t last_place_ =
      0;  // one for all endpoints, so that none keeps a number after its end
  // Until they are arranged, in order of their ids; `wish` is when they are hidden until.
  std::deque<std::unique_ptr<StoredMessage>> restored_;
  StoreTotals totals_;  // without queued and leased, which the tables know
};

}  // namespace pistachio
