#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/error.h"
#include "core/message.h"
#include "core/receipt.h"

namespace pistachio {

// A Store keeps messages at rest. It knows no polls and no HTTP; the Broker stands between.
// Everything is asked asynchronously, so that a slow disk or network never stops the loop:
//
//   1. During a turn callers ask: push(), claim(), settle() … Each returns at once and does nothing
//   visible yet.
//   2. At the end of the turn the loop calls run(now): what was asked leaves together, in the order
//   in which it was
//      asked (one batch for a journal, one write to Redis), and completions that are ready are
//      called. A completion never runs inside the call that asked for it. It may ask for more; that
//      is done by the next run().
//   3. When a message becomes available (pushed, due, given back, lease ended, redriven) the store
//   rings the bell.
//      It may ring without need. The bell only notes; it must not call the store.
//
// A claim is a lease from the first day: a claimed message is hidden, keeps its place and its id,
// and comes back unless it is settled. Order is the order of pushes (a delayed message joins at the
// end when it is due); a message that is given back goes where it was: before everything pushed
// after it.
//
// All functions are for the loop thread. Times are the loop's; a store asks no clock.

/// One push: one message or, for a split body, several of which all are taken or none.
struct Push {
  EndpointName endpoint;
  NewMessage message;
  std::vector<NewMessage> more = {};  ///< the second and later messages of a split push
  /// Idempotency, empty for none: a digest of what the client called the key, and one of everything
  /// it covers.
  std::string key = {};
  std::string fingerprint = {};
};

/// What a push came to. Its messages have ids in a row, from `first_id` on; 0 where the store gives
/// them at delivery (Redis).
struct Pushed {
  std::size_t count = 0;
  std::uint64_t first_id = 0;
  bool replayed = false;  ///< the key had been used within its ten minutes: nothing was added

  std::uint64_t last_id() const { return first_id == 0 ? 0 : first_id + count - 1; }
};

/// What a claim asks for.
struct Claim {
  EndpointName endpoint;
  std::size_t max = 1;
  /// Bodies of this many bytes in all at the most; the first message is always given. Bounds one
  /// answer's memory.
  std::size_t max_bytes = 16u << 20;
  /// How long the messages are hidden; without it they are tied to this process: until they are
  /// settled or given back (a store shared by several servers renews such a lease by itself, so
  /// that it ends when the server dies).
  std::optional<Duration> lease = std::nullopt;
  /// Whoever claims waits for the bell when nothing is there. Then a store may answer from what it
  /// knows: a message that is pushed at this moment rings.
  bool waits = false;
};

/// What a claim got: nothing, or up to `max` messages in order.
struct Claimed {
  std::span<const Delivered>
      messages;               ///< valid until the completion returns; empty when there was nothing
  std::size_t remaining = 0;  ///< how many more are available now, as far as the store knows
};

/// How a message is given back.
struct GiveBack {
  bool counted = false;                ///< the attempt counts towards --max-attempts
  Duration hidden = Duration::zero();  ///< not available before this has passed
  bool dead = false;  ///< not back into the queue but to the dead letters, whatever it counts
};

/// Numbers of one endpoint.
struct EndpointCounts {
  std::string name;
  std::size_t queued = 0;   ///< available now
  std::size_t delayed = 0;  ///< pushed with a delay or given back with one, not yet due
  std::size_t leased = 0;
  std::optional<Duration> oldest;  ///< age of the oldest message that is queued, where known
};

/// Which endpoints list() shows: those with messages, by name, after `after`, starting with
/// `prefix`, `limit` at the most.
struct ListQuery {
  std::string after = {};
  std::string prefix = {};
  std::size_t limit = 1000;
};

/// What a store is asked to enforce.
struct StoreOptions {
  std::size_t max_queued = 0;      ///< messages per endpoint, queued and delayed; 0: no limit
  std::uint32_t max_attempts = 0;  ///< a message counted so often becomes a dead letter; 0: never
  /// Idempotency keys remembered at once; a keyed push beyond them is refused with endpoint_full,
  /// so that keys cannot eat the memory (about 170 bytes each).
  std::size_t max_keys = 1'000'000;
};

/// How long an idempotency key is remembered.
inline constexpr Duration kKeyLifetime = std::chrono::minutes(10);

/// What a store with a file of its own did with messages since it was opened.
struct FileCounts {
  std::uint64_t written = 0;  ///< messages that were written to the file
  std::uint64_t spared = 0;   ///< messages that came and went before they were
};

/// See the top of this file. The destructor drops completions that are still open without calling
/// them.
class Store {
 public:
  template <class T>
  using Done = std::function<void(Expected<T>)>;  // [this, id] fits std::function's own storage:
                                                  // nothing is allocated
  using Bell = std::function<void(const EndpointName&, std::size_t available)>;

  virtual ~Store() = default;

  /// Told whenever messages may have become available. Set once, before anything is asked.
  virtual void set_bell(Bell bell) = 0;

  /// Completes once the store holds the messages as safely as it promises, or a listener has
  /// settled them. endpoint_full, key_reused, storage_full, unavailable: nothing was taken. `push`
  /// is moved from: every request that pushes has one, and it is large.
  virtual void push(Push&& push, Done<Pushed> done) = 0;

  /// True: `endpoint` certainly has no message available now, though what was asked in this turn
  /// may change that, and rings the bell if it does. Saves a poll that waits anyway a claim for
  /// nothing; a store that would have to look elsewhere says false.
  virtual bool surely_empty(const EndpointName&) const { return false; }

  /// Takes the first available messages. The Claimed views end with the completion.
  virtual void claim(Claim claim, Done<Claimed> done) = 0;

  /// Whoever waited for `endpoint` does so no more: a hint to a store that others change, too, and
  /// that looks after an endpoint from a claim that found nothing until it is told this.
  virtual void nobody_waits(const EndpointName&) {}

  /// Removes for good. Completes with those receipts that no longer held a message of `endpoint`.
  /// `done` may be empty when nobody waits for the answer.
  virtual void settle(EndpointName endpoint, std::vector<Receipt> receipts,
                      Done<std::vector<Receipt>> done) = 0;
  /// The same for one, as the hot path does it: nobody waits.
  virtual void settle(const EndpointName& endpoint, const Receipt& receipt) = 0;

  /// Ends the lease. Errc::gone when the receipt no longer holds a message of `endpoint`. `done`
  /// may be empty.
  virtual void give_back(EndpointName endpoint, Receipt receipt, GiveBack how,
                         Done<std::monostate> done) = 0;

  /// The lease ends `lease` from now instead. Errc::gone as above.
  virtual void extend(EndpointName endpoint, Receipt receipt, Duration lease,
                      Done<std::monostate> done) = 0;

  /// Removes what is queued and delayed, not what is leased; completes with their number.
  virtual void purge(EndpointName endpoint, Done<std::size_t> done) = 0;

  /// Removes one queued or delayed message. Errc::not_found when there is none with that id,
  /// unsupported where ids are not kept.
  virtual void remove(EndpointName endpoint, std::string id, Done<std::monostate> done) = 0;

  /// A peek ends with the message that brings its bodies to so many bytes: a thousand of a megabyte
  /// would be a gigabyte.
  static constexpr std::size_t kMostPeeked = 16u << 20;

  /// The first `limit` messages in the order of their push, whatever their state, as far as
  /// kMostPeeked allows. Views end with the completion.
  virtual void peek(EndpointName endpoint, std::size_t limit,
                    Done<std::span<const Peeked>> done) = 0;

  /// Appends all queued and delayed messages of `dead` (a dead-letter name) to the endpoint they
  /// came from, in order, attempts reset, ids kept; completes with their number. Never refused for
  /// --max-queued.
  virtual void redrive(EndpointName dead, Done<std::size_t> done) = 0;

  /// The numbers of one endpoint; zeros when it holds nothing.
  virtual void counts(EndpointName endpoint, Done<EndpointCounts> done) = 0;

  /// The endpoints that hold messages.
  virtual void list(ListQuery query, Done<std::vector<EndpointCounts>> done) = 0;

  /// Nothing when the store can be used now; else why not, for /readyz.
  virtual std::optional<Error> health() const = 0;

  /// For /metrics; nothing where there is no file.
  virtual std::optional<FileCounts> file_counts() const { return std::nullopt; }

  /// What a person should know about a store that can be used: a sentence; empty for nothing.
  virtual std::string caveat() const { return {}; }

  /// When run() next has something to do although nobody asks (a delay, lease, ttl or key that
  /// ends).
  virtual Deadline next_wish() const = 0;

  /// Does what was asked and what is due, calls completions. True when it did anything (the caller
  /// may have new work).
  virtual bool run(TimePoint now) = 0;
};

}  // namespace pistachio
