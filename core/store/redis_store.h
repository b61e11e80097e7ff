#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/store/endpoint_looks.h"
#include "core/store/endpoint_troubles.h"
#include "core/store/redis_keys.h"
#include "core/store/redis_listing.h"
#include "core/store/redis_node.h"
#include "core/store/redis_rounds.h"
#include "core/store/store.h"
#include "core/store/store_command.h"
#include "core/store/tied_leases.h"

struct uv_loop_s;

namespace pistachio {

/// Messages in the lists of a Redis, which any number of servers and other programs share.
/// RedisKeys says what is where, redis_scripts.h what happens in one piece, RedisNode how Redis is
/// reached; here is what to ask and what to make of the answers.
///
///   * What is asked in a turn leaves in one write, in order; Redis carries it out in that order.
///   * Every claim is a lease in Redis. One without a duration lasts half a minute there and is
///     renewed while this process lives; when it dies any other server gives the message back.
///   * While Redis is away claims find nothing, so that polls wait on; what nobody waits for
///     (settling, giving back) is kept and done when it is back; all else fails as unavailable. A
///     push that was under way when the connection broke may have been taken: a retry under the
///     same key tells.
///   * What was claimed but not answered when the connection broke is given back, not counted.
///
/// Differs from other stores, as PROTOCOL says: ids are given at the first delivery, ages are not
/// known, several messages given back apart may swap, a message whose ttl has ended counts as
/// queued until a claim comes to it, and remove() is unsupported.
class RedisStore final : public Store {
 public:
  struct Options {
    RedisNode::Options node = {};
    StoreOptions store = {};      ///< max_keys is not looked at: Redis has maxmemory
    std::string name_space = {};  ///< see RedisKeys::check()
    /// Nobody claims once and then waits longer than this for the bell.
    Duration longest_wait = std::chrono::hours(1);
    /// How old what list() knows of endpoints may be.
    Duration list_age = std::chrono::seconds(10);
    /// From one round to the next, see RedisRounds; zero: none.
    Duration rounds_every = Duration::zero();
    Report report = {};  ///< what a person should know
  };

  /// `loop` must outlive this and turn once more after it has gone. Nothing is ready before run()
  /// has been called a few times.
  RedisStore(uv_loop_s* loop, Options options);

  void set_bell(Bell bell) override { bell_ = std::move(bell); }
  void push(Push&& push, Done<Pushed> done) override;
  void claim(Claim claim, Done<Claimed> done) override;
  void nobody_waits(const EndpointName& endpoint) override { looks_.left(endpoint); }
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
  std::string caveat() const override;
  Deadline next_wish() const override;
  bool run(TimePoint now) override;

  /// No answer of Redis is awaited and nothing was asked.
  bool is_idle() const { return node_.is_idle() && asked_.empty() && held_claims_.empty(); }
  /// For the start: nothing has gone wrong yet, or Redis has asked for patience.
  bool may_become_usable() const { return !node_.trouble() || node_.asks_for_patience(); }
  bool has_doorbell() const { return node_.has_doorbell(); }
  const TiedLeases& tied() const { return tied_; }

 private:
  using Then = RedisNode::Then;
  using Haste = RedisNode::Haste;

  // Kept here and not in the completion that the node calls: that would be an allocation for each.
  struct ClaimUnderWay {
    std::optional<ClaimCommand> command;
    std::vector<Receipt> receipts;
    std::uint32_t question = 0;  // of EndpointLooks
  };
  struct PushUnderWay {
    EndpointName endpoint;
    std::size_t count;
    Done<Pushed> done;
  };

  void execute(PushCommand& command);
  void execute(ClaimCommand& command);
  void execute(SettleCommand& command);
  void execute(SettleManyCommand& command);
  void execute(GiveBackCommand& command);
  void execute(ExtendCommand& command);
  void execute(PurgeCommand& command);
  void execute(RemoveCommand& command);
  void execute(PeekCommand& command);
  void execute(RedriveCommand& command);
  void execute(CountsCommand& command);
  void execute(ListCommand& command);

  void push_plain(PushCommand& command);
  void push_by_script(PushCommand& command);
  void start_claim(ClaimCommand& command, EndpointLooks::Known known);
  void send_claim(std::size_t slot);
  void on_claim_answered(std::size_t slot, const RedisValue* reply);
  void hand_out(const ClaimUnderWay& under_way, const RedisValue& reply);
  void keep_due(const EndpointName& endpoint, const Receipt& receipt);
  void settle_one(const EndpointName& endpoint, const Receipt& receipt, Haste haste, Then then);
  void redrive_more(const EndpointName& dead, std::size_t moved, std::size_t most,
                    Done<std::size_t> done);

  bool keep_up();
  void renew_leases();
  void look_after(const EndpointName& endpoint);
  void looked_after(const EndpointName& endpoint, const RedisValue& reply);
  void sweep();
  void on_ready();
  void on_key(std::string_view key);
  void ring(const EndpointName& endpoint, std::size_t available);
  void ring_all();

  // The one place where it is decided which Redis an endpoint is in.
  RedisNode& node_of(const EndpointName&) { return node_; }

  RedisCommand call(RedisScript script, const EndpointName& endpoint,
                    std::initializer_list<std::string_view> what) const;
  RedisCommand call_with_time(RedisScript script, const EndpointName& endpoint);
  template <class T>
  static void answer(const Done<T>& done, Expected<T> result) {
    if (done) done(std::move(result));
  }
  std::string element_of(const EndpointName& endpoint, const NewMessage& message);
  std::int64_t clock(Duration from_now) const;
  /// Redis has not done it and will, once it is back: it was lost, or answers everything so.
  static bool is_away(const RedisValue* answer);
  Error away(const EndpointName& endpoint) const;
  Error error_of(const EndpointName& endpoint, const RedisValue* answer) const;

  const Options options_;
  const RedisKeys keys_;
  ReceiptMaker receipts_;
  const std::string server_;  // unique to this process
  const std::string id_prefix_ = server_ + "-";
  Bell bell_;
  TimePoint now_{};  // of the run under way
  std::uint64_t last_id_ = 0;
  std::uint64_t last_delayed_ = 0;
  TiedLeases tied_;
  mutable EndpointLooks looks_;  // to be asked when it is next due, its timers tidy up
  EndpointTroubles troubles_{options_.report};
  std::deque<ClaimUnderWay> claims_;
  std::vector<std::size_t> free_claims_;
  std::deque<ClaimCommand> held_claims_;   // until one of those has its answer
  std::deque<PushUnderWay> plain_pushes_;  // whose answers come in this order
  std::deque<SettleCommand> settling_;     // likewise
  Deadline sweep_at_;
  std::vector<StoreCommand> asked_;
  std::vector<StoreCommand> running_;  // empty between runs; kept for its capacity
  std::vector<StoreCommand> later_;    // what nobody waits for, until Redis is back
  std::vector<Delivered> delivered_;   // likewise
  std::vector<std::string> types_;     // of those delivered
  RedisNode node_;
  RedisListing listing_;
  RedisRounds rounds_;
};

}  // namespace pistachio
