#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/holdings.h"
#include "core/store/key_table.h"
#include "core/store/store.h"
#include "core/store/store_command.h"
#include "core/store/store_totals.h"

namespace pistachio {

/// The queues of this process, in memory. What is asked is noted; run() does it in that order: the
/// messages themselves are Holdings', the idempotency keys KeyTable's, completions are called here.
///
/// What is due happens before what is asked: a lease that ends at `now` is no longer held by a
/// settle() of the same turn, a message whose ttl ends at `now` is not given out by a claim().
///
/// Ids ascend from 1 over all endpoints. No operation but purge(), redrive() and list() costs more
/// the more messages, endpoints or leases there are (a logarithm, for what has a deadline or was
/// given back). An endpoint exists only while it holds messages.
class LocalStore final : public Store {
 public:
  explicit LocalStore(StoreOptions options);

  void set_bell(Bell bell) override;
  void push(Push push, Done<Pushed> done) override;
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

  std::optional<Error> health() const override { return std::nullopt; }

  /// At once, too, when something has been asked since the last run() began.
  Deadline next_wish() const override;
  bool run(TimePoint now) override;

  StoreTotals totals() const { return holdings_.totals(); }

  /// For tests of what is left behind.
  const Holdings& holdings() const { return holdings_; }
  const KeyTable& keys() const { return keys_; }

 private:
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

  Expected<Pushed> take_in(Push& push, TimePoint now);
  std::optional<Error> refusal(const Push& push, TimePoint now) const;

  const StoreOptions options_;
  Holdings holdings_;
  KeyTable keys_;
  std::vector<StoreCommand> asked_;
  std::vector<StoreCommand> running_;  // empty between runs; kept for its capacity
  std::vector<Delivered> delivered_;   // likewise, as are the peeked
  std::vector<Peeked> peeked_;
};

}  // namespace pistachio
