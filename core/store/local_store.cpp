#include "core/store/local_store.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <type_traits>
#include <utility>

namespace pistachio {
namespace {

// Else a growing vector would copy what was asked.
static_assert(std::is_nothrow_move_constructible_v<StoreCommand>);

// One turn that asked for very much must not hold its memory for ever.
constexpr std::size_t kCommandsKept = 4096;

constexpr Duration kFullRetryAfter = std::chrono::seconds(1);

template <class T>
void answer(const Store::Done<T>& done, Expected<T> result) {
  if (done) done(std::move(result));
}

[[gnu::cold, gnu::noinline]] tl::unexpected<Error> gone(const EndpointName& endpoint) {
  return failure(Errc::gone, "the receipt holds no message of endpoint " + endpoint.text() +
                                 ": it was settled, given back, its lease has ended, or it never "
                                 "was one; take the message again");
}

MessageView view_of(const StoredMessage& message, const Payload& payload, TimePoint now) {
  const std::uint32_t under_way = message.state == StoredMessage::State::leased ? 1 : 0;
  return {std::to_string(message.id), payload.body(), payload.type(), message.attempts + under_way,
          now - message.pushed_at};
}

MessageState state_of(const StoredMessage& message) {
  if (message.is_available()) return MessageState::queued;
  return message.state == StoredMessage::State::leased ? MessageState::leased
                                                       : MessageState::delayed;
}

// Only as ids are written: what to_string() would not give back is no id.
std::optional<std::uint64_t> id_of(const std::string& text) {
  std::uint64_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || stopped != end || text.front() == '0') return std::nullopt;
  return id;
}

}  // namespace

template <class T>
void LocalStore::answer_when_written(std::uint64_t touched, Done<T>& done, T value,
                                     std::vector<std::uint64_t>&& pushes) {
  if (!done) return;
  if (!journal_ || journal_->changes().touched() == touched) return done(std::move(value));
  journal_->when_written(
      [done = std::move(done), value = std::move(value)](const Error* error) {
        done(error != nullptr ? Expected<T>(tl::make_unexpected(*error)) : Expected<T>(value));
      },
      std::move(pushes));
}

LocalStore::LocalStore(StoreOptions options) : options_(options), holdings_(options.max_attempts) {}

void LocalStore::set_bell(Bell bell) { holdings_.set_bell(std::move(bell)); }

void LocalStore::push(Push&& push, Done<Pushed> done) {
  asked_.emplace_back(std::in_place_type<PushCommand>, std::move(push), std::move(done));
}

bool LocalStore::surely_empty(const EndpointName& endpoint) const {
  const MessageQueue* const queue = holdings_.find(endpoint);
  return queue == nullptr || queue->queued() == 0;
}

void LocalStore::claim(Claim claim, Done<Claimed> done) {
  assert(done && "a claim without a completion leases messages to nobody");
  asked_.emplace_back(std::in_place_type<ClaimCommand>, std::move(claim), std::move(done));
}

void LocalStore::settle(EndpointName endpoint, std::vector<Receipt> receipts,
                        Done<std::vector<Receipt>> done) {
  asked_.emplace_back(std::in_place_type<SettleManyCommand>, std::move(endpoint),
                      std::move(receipts), std::move(done));
}

void LocalStore::settle(const EndpointName& endpoint, const Receipt& receipt) {
  asked_.emplace_back(std::in_place_type<SettleCommand>, endpoint, receipt);
}

void LocalStore::give_back(EndpointName endpoint, Receipt receipt, GiveBack how,
                           Done<std::monostate> done) {
  asked_.emplace_back(GiveBackCommand{std::move(endpoint), receipt, how, std::move(done)});
}

void LocalStore::extend(EndpointName endpoint, Receipt receipt, Duration lease,
                        Done<std::monostate> done) {
  asked_.emplace_back(ExtendCommand{std::move(endpoint), receipt, lease, std::move(done)});
}

void LocalStore::purge(EndpointName endpoint, Done<std::size_t> done) {
  asked_.emplace_back(PurgeCommand{std::move(endpoint), std::move(done)});
}

void LocalStore::remove(EndpointName endpoint, std::string id, Done<std::monostate> done) {
  asked_.emplace_back(RemoveCommand{std::move(endpoint), std::move(id), std::move(done)});
}

void LocalStore::peek(EndpointName endpoint, std::size_t limit,
                      Done<std::span<const Peeked>> done) {
  asked_.emplace_back(PeekCommand{std::move(endpoint), limit, std::move(done)});
}

void LocalStore::redrive(EndpointName dead, Done<std::size_t> done) {
  assert(dead.is_dead());
  asked_.emplace_back(RedriveCommand{std::move(dead), std::move(done)});
}

void LocalStore::counts(EndpointName endpoint, Done<EndpointCounts> done) {
  asked_.emplace_back(CountsCommand{std::move(endpoint), std::move(done)});
}

void LocalStore::list(ListQuery query, Done<std::vector<EndpointCounts>> done) {
  asked_.emplace_back(ListCommand{std::move(query), std::move(done)});
}

Deadline LocalStore::next_wish() const {
  if (!asked_.empty()) return Deadline(TimePoint::min());
  const Deadline due = std::min(holdings_.next(), keys_.next());
  return journal_ ? std::min(due, journal_->next_wish()) : due;
}

bool LocalStore::run(TimePoint now) {
  assert(running_.empty() && "run() called by a completion or the bell");
  now_ = now;
  bool did = journal_ && collect();
  did = holdings_.run_due(now) || did;
  if (keys_.forget_ended(now)) {
    if (journal_) journal_->keys_ended(now);
    did = true;
  }
  if (asked_.empty()) return journal_ && !did ? end_turn() : did;
  running_.swap(asked_);
  for (StoreCommand& command : running_) {
    std::visit([this, now](auto& each) { execute(each, now); }, command);
  }
  running_.clear();
  if (running_.capacity() > kCommandsKept) running_.shrink_to_fit();
  if (journal_) journal_->pending().answer();
  return true;
}

void LocalStore::execute(PushCommand& command, TimePoint now) {
  if (auto result = take_in(command.push, command.done, now)) {
    answer(command.done, *std::move(result));
  }
}

std::optional<Expected<Pushed>> LocalStore::take_in(Push& push, Done<Pushed>& done, TimePoint now) {
  const bool keyed = !push.key.empty();
  if (keyed) {
    if (const KeyTable::Entry* const known = keys_.find(push.endpoint, push.key)) {
      if (known->fingerprint() == push.fingerprint) {
        if (journal_ && journal_->pending().follow(known->first_id, done)) return std::nullopt;
        return Pushed{known->count, known->first_id, /*replayed=*/true};
      }
      return failure(Errc::key_reused,
                     "the idempotency key came to endpoint " + push.endpoint.text() +
                         " with another message within the last ten minutes; a new message "
                         "needs a new key");
    }
  }
  if (std::optional<Error> error = refusal(push, now)) {
    return tl::make_unexpected(std::move(*error));
  }
  const std::size_t count = 1 + push.more.size();
  const std::uint64_t first_id = holdings_.last_id() + 1;
  if (keyed) {
    const KeyTable::Entry& entry =
        keys_.add(push.endpoint, push.key, push.fingerprint, first_id, count, now);
    if (journal_) journal_->key_added(entry);
  }
  holdings_.push(std::move(push), now);
  if (!journal_) return Pushed{count, first_id};
  journal_->pending().add(first_id, count, keyed, std::move(done));
  return std::nullopt;
}

std::optional<Error> LocalStore::refusal(const Push& push, TimePoint now) const {
  if (options_.max_queued != 0) {
    const MessageQueue* const queue = holdings_.find(push.endpoint);
    const std::size_t held = queue == nullptr ? 0 : queue->queued() + queue->delayed();
    const std::size_t count = 1 + push.more.size();
    if (count > options_.max_queued) {
      return Error{Errc::too_large, std::to_string(count) + " messages were pushed to endpoint " +
                                        push.endpoint.text() + " at once, which holds at most " +
                                        std::to_string(options_.max_queued) +
                                        " (--max-queued); send them in parts"};
    }
    if (held + count > options_.max_queued) {
      return Error{Errc::endpoint_full,
                   "endpoint " + push.endpoint.text() + " is full: it holds " +
                       std::to_string(held) + " of at most " + std::to_string(options_.max_queued) +
                       " messages (--max-queued) and " + std::to_string(count) +
                       " more were pushed; try again when some were taken",
                   kFullRetryAfter};
    }
  }
  if (!push.key.empty() && keys_.size() >= options_.max_keys) {
    return Error{Errc::endpoint_full,
                 "endpoint " + push.endpoint.text() +
                     " takes no idempotency key now: " + std::to_string(keys_.size()) +
                     " are remembered, as many as may be; try again when the first has been "
                     "forgotten, or push without a key",
                 std::max(kFullRetryAfter, keys_.next().left(now))};
  }
  if (journal_) return journal_->refusal(holdings_.last_id() + 1 + push.more.size(), now);
  return std::nullopt;
}

void LocalStore::execute(ClaimCommand& command, TimePoint now) {
  if (fetches_ && fetches_->must_wait(command.claim)) {
    fetches_->wait(std::move(command));
  } else {
    carry_out(command, now);
  }
}

void LocalStore::carry_out(ClaimCommand& command, TimePoint now) {
  const Claim& claim = command.claim;
  const Deadline ends = claim.lease ? Deadline::in(*claim.lease, now) : Deadline::never();
  std::size_t room = std::string::npos;  // for the first, whatever its size
  std::size_t bytes = 0;
  MessageQueue* const queue = holdings_.find(claim.endpoint);
  while (queue != nullptr && delivered_.size() < claim.max) {
    const StoredMessage* const message = holdings_.claim(*queue, room, ends);
    if (message == nullptr) break;
    delivered_.push_back({message->receipt, view_of(*message, message->payload, now)});
    bytes += message->payload.body_size();
    if (bytes > claim.max_bytes) break;
    room = claim.max_bytes - bytes;
  }
  if (fetches_ && queue != nullptr) fetches_->claimed(*queue, delivered_.size());
  command.done(Claimed{delivered_, queue == nullptr ? 0 : queue->queued()});
  delivered_.clear();
  if (queue != nullptr) queue->expect_claim();
}

void LocalStore::execute(SettleCommand& command, TimePoint) {
  if (StoredMessage* const message = holdings_.held(command.endpoint, command.receipt)) {
    holdings_.settle(*message);
  }
}

void LocalStore::execute(SettleManyCommand& command, TimePoint) {
  const std::uint64_t before = touched();
  std::vector<Receipt> not_held;
  std::vector<std::uint64_t> pushes;
  for (const Receipt& receipt : command.receipts) {
    if (StoredMessage* const message = holdings_.held(command.endpoint, receipt)) {
      if (journal_) journal_->add_push_awaiting_key(message->id, pushes);
      holdings_.settle(*message);
    } else {
      not_held.push_back(receipt);
    }
  }
  answer_when_written(before, command.done, std::move(not_held), std::move(pushes));
}

void LocalStore::execute(GiveBackCommand& command, TimePoint now) {
  StoredMessage* const message = holdings_.held(command.endpoint, command.receipt);
  if (message == nullptr) return answer<std::monostate>(command.done, gone(command.endpoint));
  const std::uint64_t before = touched();
  holdings_.give_back(*message, command.how, now);
  answer_when_written(before, command.done, std::monostate());
}

void LocalStore::execute(ExtendCommand& command, TimePoint now) {
  StoredMessage* const message = holdings_.held(command.endpoint, command.receipt);
  if (message == nullptr) return answer<std::monostate>(command.done, gone(command.endpoint));
  holdings_.extend(*message, Deadline::in(command.lease, now));
  answer<std::monostate>(command.done, std::monostate());
}

void LocalStore::execute(PurgeCommand& command, TimePoint) {
  const std::uint64_t before = touched();
  std::vector<std::uint64_t> pushes;
  if (journal_) pushes = journal_->pushes_awaiting_keys(command.endpoint);
  answer_when_written(before, command.done, holdings_.purge(command.endpoint), std::move(pushes));
}

void LocalStore::execute(RemoveCommand& command, TimePoint) {
  const std::optional<std::uint64_t> id = id_of(command.id);
  const std::uint64_t before = touched();
  if (id && holdings_.remove(command.endpoint, *id)) {
    std::vector<std::uint64_t> pushes;
    if (journal_) journal_->add_push_awaiting_key(*id, pushes);
    return answer_when_written(before, command.done, std::monostate(), std::move(pushes));
  }
  answer<std::monostate>(
      command.done,
      failure(Errc::not_found, "endpoint " + command.endpoint.text() +
                                   " has no queued or delayed message with the id " + command.id));
}

void LocalStore::execute(PeekCommand& command, TimePoint now) {
  if (!fetches_ || !fetches_->wait(command)) show(command, {}, now);
}

void LocalStore::show(PeekCommand& command, const BodyFetches::Found& found, TimePoint now) {
  const MessageQueue* const queue = holdings_.find(command.endpoint);
  const StoredMessage* message = queue == nullptr ? nullptr : queue->first_arrival();
  std::size_t bytes = 0;
  for (; message != nullptr && peeked_.size() < command.limit && bytes < kMostPeeked;
       message = MessageQueue::next_arrival(*message)) {
    bytes += message->payload.body_size();
    if (message->payload.present()) {
      peeked_.push_back({view_of(*message, message->payload, now), state_of(*message)});
    } else if (const auto at = found.find(message->id); at != found.end()) {
      peeked_.push_back({view_of(*message, at->second, now), state_of(*message)});
    }
  }
  answer<std::span<const Peeked>>(command.done, peeked_);
  peeked_.clear();
}

void LocalStore::execute(RedriveCommand& command, TimePoint) {
  const std::uint64_t before = touched();
  answer_when_written(before, command.done, holdings_.redrive(command.dead));
}

void LocalStore::execute(CountsCommand& command, TimePoint now) {
  const MessageQueue* const queue = holdings_.find(command.endpoint);
  EndpointCounts counts;
  if (queue != nullptr) counts = queue->counts(now);
  counts.name = command.endpoint.text();
  answer<EndpointCounts>(command.done, std::move(counts));
}

void LocalStore::execute(ListCommand& command, TimePoint now) {
  std::vector<EndpointCounts> shown;
  for (const MessageQueue* const queue : holdings_.sorted(command.query)) {
    shown.push_back(queue->counts(now));
  }
  answer<std::vector<EndpointCounts>>(command.done, std::move(shown));
}

}  // namespace pistachio
