#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/store/body_fetches.h"
#include "core/store/holdings.h"
#include "core/store/journal.h"
#include "core/store/key_table.h"
#include "core/store/store.h"
#include "core/store/store_command.h"
#include "core/store/store_totals.h"

namespace pistachio {

/// The queues of this process, in memory, and with a Journal in a file as well. What is asked is
/// noted; run() does it in that order: the messages themselves are Holdings', the idempotency keys
/// KeyTable's, completions are called here.
///
/// With a journal a push completes when it is in the file or was settled; what was asked with a
/// completion and changes the file completes when the file has it. A claim waits for the file only
/// where the bytes of its message are nowhere else.
///
/// What is due happens before what is asked: a lease that ends at `now` is no longer held by a
/// settle() of the same turn, a message whose ttl ends at `now` is not given out by a claim().
///
/// Ids ascend from 1 over all endpoints. No operation but purge(), redrive() and list() costs more
/// the more messages, endpoints or leases there are (a logarithm, for what has a deadline or was
/// given back). An endpoint exists only while it holds messages.
class LocalStore final : public Store {
 public:
  /// In memory.
  explicit LocalStore(StoreOptions options);

  /// With what `file` has, and everything kept there. `wake` is called on another thread whenever
  /// run() should be. Errc::unavailable when the file cannot be read.
  static Expected<std::unique_ptr<LocalStore>> open(StoreOptions options,
                                                    std::unique_ptr<SqliteJournal> file,
                                                    Journal::Options journal,
                                                    std::function<void()> wake, TimePoint now);

  /// With a journal: waits until the file has everything.
  ~LocalStore() override;

  void set_bell(Bell bell) override;
  void push(Push&& push, Done<Pushed> done) override;
  bool surely_empty(const EndpointName& endpoint) const override;
  void claim(Claim claim, Done<Claimed> done) override;
  void settle(EndpointName endpoint, std::vector<Receipt> receipts,
              Done<std::vector<Receipt>> done) override;
  void settle(const EndpointName& endpoint, const Receipt& receipt) override;
  void give_back(EndpointName endpoint, Receipt receipt, GiveBack how,
                 Done<std::monostate> done) override;
  void extend(EndpointName endpoint, Receipt receipt, Duration lease,
              Done<std::monostate> done) override;
  void purge(EndpointName endpoint, Done<std::size_t> done) override;
  void remove(EndpointName endpoint, std::string id, Done<std::monostate> done) override;
  void peek(EndpointName endpoint, std::size_t limit, Done<std::span<const Peeked>> done) override;
  void redrive(EndpointName dead, Done<std::size_t> done) override;
  void counts(EndpointName endpoint, Done<EndpointCounts> done) override;
  void list(ListQuery query, Done<std::vector<EndpointCounts>> done) override;

  std::optional<Error> health() const override;
  std::optional<FileCounts> file_counts() const override;

  /// At once, too, when something has been asked since the last run() began.
  Deadline next_wish() const override;
  bool run(TimePoint now) override;

  StoreTotals totals() const { return holdings_.totals(); }

  /// Something is under way after which `wake` will be called.
  bool waits_for_disk() const { return journal_ && journal_->waits_for_disk(); }

  /// Bytes of bodies in memory that count towards the budget; 0 without a journal.
  std::size_t resident_bytes() const { return journal_ ? journal_->resident().bytes() : 0; }

  /// For tests of what is left behind.
  const Holdings& holdings() const { return holdings_; }
  const KeyTable& keys() const { return keys_; }

 private:
  bool collect();
  bool end_turn();

  void execute(PushCommand& command, TimePoint now);
  void execute(ClaimCommand& command, TimePoint now);
  void execute(SettleCommand& command, TimePoint now);
  void execute(SettleManyCommand& command, TimePoint now);
  void execute(GiveBackCommand& command, TimePoint now);
  void execute(ExtendCommand& command, TimePoint now);
  void execute(PurgeCommand& command, TimePoint now);
  void execute(RemoveCommand& command, TimePoint now);
  void execute(PeekCommand& command, TimePoint now);
  void execute(RedriveCommand& command, TimePoint now);
  void execute(CountsCommand& command, TimePoint now);
  void execute(ListCommand& command, TimePoint now);

  // What a push came to; nothing when it is answered later, with `done` kept until then.
  std::optional<Expected<Pushed>> take_in(Push& push, Done<Pushed>& done, TimePoint now);
  void carry_out(ClaimCommand& command, TimePoint now);
  void show(PeekCommand& command, const BodyFetches::Found& found, TimePoint now);
  // Answers now if nothing has changed since changes were `touched`, else when that is written, and
  // the keys of these pushes, of which messages have gone.
  template <class T>
  void answer_when_written(std::uint64_t touched, Done<T>& done, T value,
                           std::vector<std::uint64_t>&& pushes = {});
  std::uint64_t touched() const { return journal_ ? journal_->changes().touched() : 0; }
  std::optional<Error> refusal(const Push& push, TimePoint now) const;

  const StoreOptions options_;
  std::unique_ptr<Journal> journal_;  // null for memory, as are the fetches
  std::unique_ptr<BodyFetches> fetches_;
  TimePoint now_;  // of the last run
  Holdings holdings_;
  KeyTable keys_;
  std::vector<StoreCommand> asked_;
  std::vector<StoreCommand> running_;  // empty between runs; kept for its capacity
  std::vector<Delivered> delivered_;   // likewise, as are the peeked
  std::vector<Peeked> peeked_;
};

}  // namespace pistachio
