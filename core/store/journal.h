#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/store/change_list.h"
#include "core/store/journal_batch.h"
#include "core/store/journal_thread.h"
#include "core/store/key_table.h"
#include "core/store/message_queue.h"
#include "core/store/pending_pushes.h"
#include "core/store/resident_bodies.h"
#include "core/store/wall_clock.h"

namespace pistachio {

class Holdings;

/// What makes a LocalStore survive: everything that changes in its Holdings and its KeyTable is
/// brought to a file, many changes in one transaction, while the loop goes on.
///
///   in a turn     changes() and key_added() note what changes; a push waits in pending(), who else
///                 must wait calls when_written()
///   its end       end_turn(): if the thread has nothing to write and something is urgent, a batch
///                 of all that is noted goes to it
///   a later turn  collect(): what the thread has done; pushes and waiters are answered
///
/// A batch that fails is as if it had never been made: what it held is noted again, save for pushes
/// whose messages nobody has taken: these leave the queue, and the push is refused.
class Journal {
 public:
  /// How long a change that nobody waits for (a plain poll's settlement) may stay out of the file,
  /// so that many share one transaction. A kill within that time brings such messages back.
  static constexpr Duration kPatience{100};

  /// How long a batch waits for those whose answers the one before it has just set free, where
  /// these were several. Else two crowds would take turns, and each transaction would be half as
  /// large.
  static constexpr Duration kGather{2};

  /// Ids are made known to the file in advance, so many at a time: one write for a million pushes,
  /// and as many to go on with while the disk stalls. A kill leaves a gap of so many at the most.
  static constexpr std::uint64_t kIdBlock = 1 << 20;

  struct Options {
    Duration hold_back = ChangeList::kHoldBack;
    Duration patience = kPatience;
    Duration gather = kGather;
    ResidentBodies::Options memory = {};
    std::string directory = {};  ///< for words only, as the file knows it
    std::string name_space = {};
    WallClock clock = {};
    /// Told, on the loop's thread, what a person should know: that the disk is full, or bad, or
    /// well again.
    std::function<void(const std::string&)> report = {};
  };

  /// `wake` is called on another thread when collect() has something to do.
  Journal(std::unique_ptr<SqliteJournal> file, Options options, std::function<void()> wake);

  ChangeList& changes() { return changes_; }
  PendingPushes& pending() { return pending_; }
  ResidentBodies& resident() { return resident_; }

  /// Why a push cannot be taken now; nothing when it can. `last_id`: that its messages would get.
  std::optional<Error> refusal(std::uint64_t last_id, TimePoint now) const;

  void key_added(const KeyTable::Entry& entry) { new_keys_.push_back(entry); }
  /// Those that ended until then were forgotten.
  void keys_ended(TimePoint until) { keys_ended_ = until; }

  /// Adds the first id of the push that this message belongs to, if the idempotency key of that is
  /// not in the file yet.
  void add_push_awaiting_key(std::uint64_t id, std::vector<std::uint64_t>& to) const;
  /// Those of all pushes to that endpoint.
  std::vector<std::uint64_t> pushes_awaiting_keys(const EndpointName& endpoint) const;

  /// Calls `done` with null when everything that has changed until now is in the file, and with it
  /// the keys of these pushes, of which a message was settled: tried again after a kill, they would
  /// bring it back. With an error when there is no room for that: it comes to the file when there
  /// is.
  void when_written(std::function<void(const Error*)> done, std::vector<std::uint64_t> pushes) {
    waiters_.push_back({std::move(done), std::move(pushes)});
  }

  /// Fetches the bytes of these messages; collect() hands them over under `number`.
  void fetch(std::uint64_t number, std::vector<std::uint64_t> ids) {
    thread_.fetch(number, std::move(ids));
  }

  /// Takes in what the thread has done since. True when there was anything; `fetched` is called for
  /// what was fetched.
  bool collect(Holdings& holdings, KeyTable& keys, TimePoint now,
               const std::function<void(JournalThread::Fetched&)>& fetched);

  /// Nothing more will happen in this turn: sends off a batch if it is time.
  /// True when it called a completion.
  bool end_turn(const Holdings& holdings, TimePoint now);

  /// When end_turn() would have something to do, or at once when collect() has.
  Deadline next_wish() const;

  std::optional<Error> health() const;

  /// Tells a person.
  void report(const std::string& what) const {
    if (options_.report) options_.report(what);
  }

  /// The thread has something to do, or to be collected.
  bool waits_for_disk() const { return thread_.writing() || thread_.fetching(); }

  /// Writes everything that is left, waiting for the disk, and closes the file. Completions are
  /// dropped. Nothing else may be called afterwards.
  void finish(Holdings& holdings, KeyTable& keys);

  /// Messages that got a row.
  std::uint64_t written() const { return written_; }

 private:
  struct Waiter {
    std::function<void(const Error*)> done;
    std::vector<std::uint64_t> pushes;  // first ids of those whose keys must be in the file, too
  };
  using Waiters = std::vector<Waiter>;

  bool due(TimePoint now) const;
  /// How many wait for the file.
  std::size_t crowd() const {
    return changes_.urgent().size() + new_keys_.size() + waiters_.size();
  }
  JournalBatch make_batch(const Holdings& holdings, bool with_new);
  void add_row(JournalBatch& batch, StoredMessage& message);
  void add_rows_beside_gone(JournalBatch& batch, const MessageTable& messages);
  void take_new_keys(const MessageTable& messages);
  Waiters take_waiters(bool& answered);
  JournalBatch::Slice add_name(JournalBatch& batch, std::string_view name) const;
  bool send(const Holdings& holdings, TimePoint now);
  void settle(JournalThread::Written& written, Holdings& holdings, KeyTable& keys, TimePoint now);
  void succeeded(const JournalBatch& batch, const Holdings& holdings, TimePoint now);
  void failed(const JournalBatch& batch, const Error& error, Holdings& holdings, KeyTable& keys,
              TimePoint now);
  std::uint64_t refuse_push(StoredMessage& message, const Error& error, Holdings& holdings);
  const Options options_;
  PendingPushes pending_;
  ResidentBodies resident_;
  ChangeList changes_;

  Waiters waiters_;
  Waiters waiters_under_way_;
  std::vector<KeyTable::Entry> new_keys_;
  std::vector<KeyTable::Entry> keys_under_way_;
  std::vector<KeyTable::Entry> dead_keys_;
  std::vector<KeyTable::Entry> dead_keys_under_way_;
  std::optional<TimePoint> keys_ended_;
  std::optional<TimePoint> keys_ended_under_way_;

  std::uint64_t reserved_ = 0;       // ids up to this may be given out, as the file knows
  std::uint64_t reserve_up_to_ = 0;  // what the file is to know
  std::size_t crowd_before_ = 0;     // that is expected again …
  Deadline gather_ends_;             // … and waited for until then
  Deadline patience_ends_;           // of the first change that nobody waits for
  std::optional<Error> full_;        // no room for what is new …
  bool cramped_ = false;             // … nor for anything else …
  std::optional<Error> broken_;      // the file cannot be used …
  Deadline again_at_;                // … and when that is tried again
  std::uint64_t written_ = 0;

  JournalBatch spare_;                        // for its buffers
  const MessageQueue* last_queue_ = nullptr;  // while a batch is made: whose name it had last
  JournalBatch::Slice last_name_;

  JournalThread thread_;  // last, so that it ends first
};

}  // namespace pistachio
