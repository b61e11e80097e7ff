#include "core/store/journal.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "core/store/holdings.h"

namespace pistachio {
namespace {

// Buffers of a batch that was larger are not kept for the next.
constexpr std::size_t kBytesKept = 1 << 20;
constexpr std::size_t kRowsKept = 20'000;

// So many must have been answered at once for a batch to wait for their next: one client that
// pushes again and again is not kept waiting.
constexpr std::size_t kCrowd = 8;

// How long what failed is left alone.
constexpr Duration kAgainAfter = std::chrono::seconds(1);

}  // namespace

Journal::Journal(std::unique_ptr<SqliteJournal> file, Options options, std::function<void()> wake)
    : options_(std::move(options)),
      resident_(options_.memory),
      changes_(pending_, resident_, options_.hold_back),
      reserved_(file->reserved()),
      reserve_up_to_(reserved_),
      thread_(std::move(file), std::move(wake)) {}

std::optional<Error> Journal::health() const { return broken_; }

std::optional<Error> Journal::refusal(std::uint64_t last_id, TimePoint now) const {
  if (broken_) {
    Error error = *broken_;
    error.retry_after = kAgainAfter;
    return error;
  }
  if (full_ && !again_at_.reached(now)) return full_;
  if (last_id > reserved_) {
    return Error{Errc::unavailable,
                 "the store's disk is too slow: it has not taken the next ids yet; try again",
                 kAgainAfter};
  }
  return std::nullopt;
}

Deadline Journal::next_wish() const {
  if (thread_.has_news()) return Deadline(TimePoint::min());
  if (thread_.writing()) return Deadline::never();
  if (broken_) return again_at_;
  Deadline changes = std::min(changes_.held_until(), patience_ends_);
  if (crowd() > 0) changes = std::min(changes, gather_ends_);
  if (!full_) return changes;
  // What is new waits for room, and the rest only if there was none for it either.
  const Deadline rest = cramped_ ? Deadline::never() : patience_ends_;
  if (changes.is_never()) {
    const bool waits = !changes_.urgent().empty() || !new_keys_.empty() || !waiters_.empty();
    return waits ? again_at_ : Deadline::never();
  }
  return std::min(rest, std::max(again_at_, changes));
}

bool Journal::due(TimePoint now) const {
  if (thread_.writing()) return false;
  if (broken_) return again_at_.reached(now);
  if (crowd() < crowd_before_ && !gather_ends_.reached(now) && !gather_ends_.is_never())
    return false;
  const bool with_new = !full_ || again_at_.reached(now);
  if (with_new && (!changes_.urgent().empty() || !new_keys_.empty())) return true;
  if (cramped_ && !again_at_.reached(now)) return false;
  return !waiters_.empty() || reserve_up_to_ != reserved_ || patience_ends_.reached(now);
}

bool Journal::end_turn(const Holdings& holdings, TimePoint now) {
  changes_.sort(holdings.messages(), now);
  if (holdings.last_id() + kIdBlock / 2 > reserve_up_to_) {
    reserve_up_to_ = holdings.last_id() + kIdBlock;
  }
  const bool any = !changes_.changed().empty() || !changes_.deleted().empty() ||
                   !dead_keys_.empty() || keys_ended_;
  if (any && patience_ends_.is_never()) patience_ends_ = Deadline::in(options_.patience, now);
  const bool answered = due(now) && send(holdings, now);
  resident_.keep_budget(holdings.messages());
  return answered;
}

bool Journal::send(const Holdings& holdings, TimePoint now) {
  JournalBatch batch = make_batch(holdings, !full_ || again_at_.reached(now));
  bool answered = false;
  Waiters waiters = take_waiters(answered);
  if (batch.empty() && !broken_) {
    for (const Waiter& waiter : waiters) waiter.done(nullptr);
    return answered || !waiters.empty();
  }
  waiters_under_way_ = std::move(waiters);
  gather_ends_ = Deadline::never();
  thread_.write(std::move(batch));
  return answered;
}

// Those for whom the batch that was made is enough. While there is no room for what is new keys are
// left behind: who would wait for one is told so.
Journal::Waiters Journal::take_waiters(bool& answered) {
  const auto is_left = [this](std::uint64_t push) {
    return std::any_of(new_keys_.begin(), new_keys_.end(),
                       [push](const KeyTable::Entry& key) { return key.first_id == push; });
  };
  const auto waits_on =
      std::stable_partition(waiters_.begin(), waiters_.end(), [&is_left](const Waiter& waiter) {
        return std::none_of(waiter.pushes.begin(), waiter.pushes.end(), is_left);
      });
  const Waiters in_vain(std::make_move_iterator(waits_on), std::make_move_iterator(waiters_.end()));
  waiters_.erase(waits_on, waiters_.end());
  Waiters others = std::exchange(waiters_, {});
  for (const Waiter& waiter : in_vain) {
    full_ ? waiter.done(&*full_) : waiters_.push_back(waiter);
    answered = answered || full_;
  }
  return others;
}

void Journal::add_push_awaiting_key(std::uint64_t id, std::vector<std::uint64_t>& to) const {
  for (const auto* const keys : {&new_keys_, &keys_under_way_}) {
    for (const KeyTable::Entry& key : *keys) {
      if (id >= key.first_id && id < key.first_id + key.count) to.push_back(key.first_id);
    }
  }
}

std::vector<std::uint64_t> Journal::pushes_awaiting_keys(const EndpointName& endpoint) const {
  std::vector<std::uint64_t> pushes;
  for (const auto* const keys : {&new_keys_, &keys_under_way_}) {
    for (const KeyTable::Entry& key : *keys) {
      if (key.endpoint() == endpoint.text()) pushes.push_back(key.first_id);
    }
  }
  return pushes;
}

bool Journal::collect(Holdings& holdings, KeyTable& keys, TimePoint now,
                      const std::function<void(JournalThread::Fetched&)>& fetched) {
  if (!thread_.has_news()) return false;
  if (auto written = thread_.written()) settle(*written, holdings, keys, now);
  for (JournalThread::Fetched& each : thread_.fetched()) fetched(each);
  return true;
}

void Journal::settle(JournalThread::Written& written, Holdings& holdings, KeyTable& keys,
                     TimePoint now) {
  if (written.result) {
    succeeded(written.batch, holdings, now);
  } else {
    failed(written.batch, written.result.error(), holdings, keys, now);
  }
  JournalBatch& batch = written.batch;
  if (batch.bytes.capacity() > kBytesKept || batch.rows.capacity() > kRowsKept) return;
  spare_ = std::move(batch);
  spare_.clear();
}

void Journal::succeeded(const JournalBatch& batch, const Holdings& holdings, TimePoint now) {
  const std::size_t answered =
      batch.rows.size() + keys_under_way_.size() + waiters_under_way_.size();
  if (answered >= kCrowd && options_.gather > Duration::zero()) {
    crowd_before_ = answered + crowd();
    gather_ends_ = Deadline::in(options_.gather, now);
  }
  if (broken_) report("the store can be written again");
  broken_.reset();
  cramped_ = false;
  bool grew = !batch.keys.empty();
  for (const JournalBatch::Row& row : batch.rows) {
    if (row.whole) ++written_;
    grew = grew || row.whole;
    StoredMessage* const message = holdings.messages().find(row.id);
    if (message == nullptr) continue;
    if (row.whole) {
      message->committed = true;
      resident_.committed(*message);
    }
    if (!message->awaited) continue;
    message->awaited = false;
    pending_.message_done(row.id);
  }
  if (full_ && grew) {
    report("the store has room again: pushes are taken");
    full_.reset();
  }
  if (batch.reserved != 0) reserved_ = batch.reserved;
  for (const KeyTable::Entry& key : std::exchange(keys_under_way_, {})) {
    pending_.key_done(key.first_id);
  }
  dead_keys_under_way_.clear();
  keys_ended_under_way_.reset();
  for (const Waiter& waiter : std::exchange(waiters_under_way_, {})) waiter.done(nullptr);
}

void Journal::failed(const JournalBatch& batch, const Error& error, Holdings& holdings,
                     KeyTable& keys, TimePoint now) {
  again_at_ = Deadline::in(kAgainAfter, now);
  bool grew = !batch.keys.empty();
  for (const JournalBatch::Row& row : batch.rows) grew = grew || row.whole;
  if (error.code == Errc::storage_full) {
    if (!full_) report(error.message + "; pushes are refused until there is");
    full_ = error;
    cramped_ = !grew;
  } else {
    if (!broken_) report(error.message + "; pushes are refused until it can be written");
    broken_ = error;
  }
  for (const JournalBatch::Deleted& each : batch.deleted) changes_.erase(each);
  std::unordered_set<std::uint64_t> refused;
  for (const JournalBatch::Row& row : batch.rows) {
    StoredMessage* const message = holdings.messages().find(row.id);
    if (message == nullptr) continue;
    if (message->awaited && grew) {
      refused.insert(refuse_push(*message, error, holdings));
    } else if (!message->refused) {
      changes_.rewrite(*message);
    }
  }
  const auto keep_or_bury = [&](std::vector<KeyTable::Entry>& from) {
    std::vector<KeyTable::Entry> kept;
    for (KeyTable::Entry& key : from) {
      if (refused.contains(key.first_id)) {
        keys.remove(key);
        dead_keys_.push_back(std::move(key));
      } else {
        kept.push_back(std::move(key));
      }
    }
    from = std::move(kept);
  };
  keep_or_bury(keys_under_way_);
  keep_or_bury(new_keys_);
  new_keys_.insert(new_keys_.end(), keys_under_way_.begin(), keys_under_way_.end());
  keys_under_way_.clear();
  dead_keys_.insert(dead_keys_.end(), dead_keys_under_way_.begin(), dead_keys_under_way_.end());
  dead_keys_under_way_.clear();
  if (!keys_ended_) keys_ended_ = keys_ended_under_way_;
  const Waiters waiters = std::exchange(waiters_under_way_, {});
  if (error.code == Errc::storage_full && cramped_) {
    for (const Waiter& waiter : waiters) waiter.done(&error);
  } else {
    waiters_.insert(waiters_.begin(), waiters.begin(), waiters.end());
  }
}

// Returns the first id of its push. Messages that listeners hold stay with them for that long; were
// they withdrawn, a receipt would stop working although nothing is wrong with it. Afterwards the
// store does not hold them: whoever pushed has been told so, and tries again.
std::uint64_t Journal::refuse_push(StoredMessage& message, const Error& error, Holdings& holdings) {
  const PendingPushes::Failed push = pending_.fail(message.id, error);
  const std::uint64_t first_id = push.count == 0 ? message.id : push.first_id;
  const std::uint64_t last_id = push.count == 0 ? message.id : push.first_id + push.count - 1;
  for (std::uint64_t id = first_id; id <= last_id; ++id) {
    StoredMessage* const each = holdings.messages().find(id);
    if (each == nullptr) continue;
    each->awaited = false;
    if (push.count == 0) {
      changes_.rewrite(*each);
    } else if (each->state == StoredMessage::State::leased) {
      each->refused = true;
      each->dirty = false;
    } else {
      holdings.withdraw(*each);
    }
  }
  return first_id;
}

void Journal::finish(Holdings& holdings, KeyTable& keys) {
  pending_.drop();
  waiters_.clear();
  constexpr TimePoint kEnd = TimePoint::max();  // nothing is held back any more
  if (thread_.writing()) {
    waiters_under_way_.clear();
    JournalThread::Written written = thread_.wait_until_written();
    settle(written, holdings, keys, TimePoint{});
  }
  bool with_new = true;
  while (true) {
    changes_.sort(holdings.messages(), kEnd);
    if (reserve_up_to_ != reserved_) reserve_up_to_ = reserved_;
    JournalBatch batch = make_batch(holdings, with_new);
    if (batch.empty()) break;
    thread_.write(std::move(batch));
    JournalThread::Written written = thread_.wait_until_written();
    settle(written, holdings, keys, TimePoint{});
    if (written.result) continue;
    if (!with_new || written.result.error().code != Errc::storage_full) break;
    with_new = false;
  }
  thread_.finish(holdings.last_id());
}

}  // namespace pistachio
