#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/clock.h"
#include "core/store/journal_batch.h"
#include "core/store/message_table.h"
#include "core/store/pending_pushes.h"
#include "core/store/resident_bodies.h"

namespace pistachio {

/// What has changed among the messages of a file store since the last batch for the file was made.
/// It keeps no history: a message is noted as changed, and what its row should be is looked up when
/// a batch is made. So what came and went between two batches costs the file nothing.
class ChangeList {
 public:
  /// How long a message that a listener holds already is kept from the file. A listener that keeps
  /// up has settled it by then and it is never written; one that does not makes the push wait so
  /// much longer for its answer.
  static constexpr Duration kHoldBack{10};

  /// Both must outlive it. `hold_back`: kHoldBack, save in tests.
  ChangeList(PendingPushes& pending, ResidentBodies& resident, Duration hold_back)
      : pending_(pending), resident_(resident), hold_back_(hold_back) {}

  // Told by Holdings.
  void added(StoredMessage& message, bool joint);
  void changed(StoredMessage& message);
  /// Called while its bytes are still there.
  void removed(const StoredMessage& message);

  /// To be written again, though it did not change: a batch with it failed.
  void rewrite(StoredMessage& message);
  /// To be deleted again: a batch with that failed.
  void erase(const JournalBatch::Deleted& message) { deleted_.push_back(message); }

  /// The end of a turn: what changed in it is sorted by how soon it must be written.
  void sort(const MessageTable& messages, TimePoint now);

  /// Ids of messages whose pushes wait for the file and nothing else, in order. Some may have gone
  /// or been written since.
  std::deque<std::uint64_t>& urgent() { return urgent_; }
  const std::deque<std::uint64_t>& urgent() const { return urgent_; }
  /// Of others that changed.
  std::vector<std::uint64_t>& changed() { return changed_; }
  /// Messages that have gone and may have a row.
  std::vector<JournalBatch::Deleted>& deleted() { return deleted_; }
  /// When the first that is held back becomes urgent.
  Deadline held_until() const {
    return held_.empty() ? Deadline::never() : Deadline(held_.front().until);
  }
  /// Counts changes of what the file may have, so that a caller sees whether it made any.
  std::uint64_t touched() const { return touched_; }
  /// Messages that came and went without a row.
  std::uint64_t spared() const { return spared_; }

 private:
  struct Held {
    std::uint64_t id;
    TimePoint until;
  };

  PendingPushes& pending_;
  ResidentBodies& resident_;
  const Duration hold_back_;
  std::vector<std::uint64_t> fresh_;  // of this turn
  std::deque<Held> held_;
  std::deque<std::uint64_t> urgent_;
  std::vector<std::uint64_t> changed_;
  std::vector<JournalBatch::Deleted> deleted_;
  std::uint64_t touched_ = 0;
  std::uint64_t spared_ = 0;
};

}  // namespace pistachio
