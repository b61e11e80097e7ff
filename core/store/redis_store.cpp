#include "core/store/redis_store.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <variant>

#include "core/store/redis_element.h"

namespace pistachio {
namespace {

// A double, which is what Redis sorts by, counts milliseconds exactly up to here: the year 287,000.
constexpr std::int64_t kNever = 9'000'000'000'000'000;

// In one piece Redis would be held up for longer than others should wait.
constexpr std::size_t kMostAtOnce = 200'000;

constexpr Duration kRetryAfter = std::chrono::seconds(1);

std::string hex(std::uint64_t number, std::size_t width) {
  std::string digits(width, '0');
  for (std::size_t i = width; i > 0 && number != 0; --i, number >>= 4) {
    digits[i - 1] = "0123456789abcdef"[number & 15];
  }
  return digits;
}

std::string hex(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) digits += hex(static_cast<unsigned char>(c), 2);
  return digits;
}

// Random, and of a length that all of them have: what ids of this process begin with.
std::string name_of_server(ReceiptMaker& random) { return random.next().text().substr(0, 11); }

// Ids are given at delivery.
Pushed pushed(std::size_t count, bool replayed) {
  return {.count = count, .first_id = 0, .replayed = replayed};
}

}  // namespace

RedisStore::RedisStore(uv_loop_s* loop, Options options)
    : options_(std::move(options)),
      keys_(options_.name_space),
      server_(name_of_server(receipts_)),
      looks_(options_.longest_wait),
      node_(loop,
            {.address = options_.node.address,
             .clock_ahead = options_.node.clock_ahead,
             .linger = options_.node.linger,
             .probe = RedisListing::count_call(keys_, EndpointName::parse("_").value())},
            {.on_ready = [this] { on_ready(); },
             .on_key = [this](std::string_view key) { on_key(key); },
             .on_all = [this] { ring_all(); },
             .report = options_.report}),
      listing_(node_, keys_, options_.list_age),
      rounds_(node_, keys_,
              {.every = options_.rounds_every,
               .server = server_,
               .raises = options_.store.max_attempts == 0,
               .look_after = [this](const EndpointName& each) { look_after(each); },
               .raised = [this](const EndpointName& each) { ring(each, 1); }}) {}

// ---------------------------------------------------------------- asked

void RedisStore::push(Push&& push, Done<Pushed> done) {
  asked_.emplace_back(std::in_place_type<PushCommand>, std::move(push), std::move(done));
}

void RedisStore::claim(Claim claim, Done<Claimed> done) {
  assert(done && "a claim without a completion leases messages to nobody");
  asked_.emplace_back(ClaimCommand{std::move(claim), std::move(done)});
}

void RedisStore::settle(EndpointName endpoint, std::vector<Receipt> receipts,
                        Done<std::vector<Receipt>> done) {
  asked_.emplace_back(SettleManyCommand{std::move(endpoint), std::move(receipts), std::move(done)});
}

void RedisStore::settle(const EndpointName& endpoint, const Receipt& receipt) {
  asked_.emplace_back(SettleCommand{endpoint, receipt});
}

void RedisStore::give_back(EndpointName endpoint, Receipt receipt, GiveBack how,
                           Done<std::monostate> done) {
  asked_.emplace_back(GiveBackCommand{std::move(endpoint), receipt, how, std::move(done)});
}

void RedisStore::extend(EndpointName endpoint, Receipt receipt, Duration lease,
                        Done<std::monostate> done) {
  asked_.emplace_back(ExtendCommand{std::move(endpoint), receipt, lease, std::move(done)});
}

void RedisStore::purge(EndpointName endpoint, Done<std::size_t> done) {
  asked_.emplace_back(PurgeCommand{std::move(endpoint), std::move(done)});
}

void RedisStore::remove(EndpointName endpoint, std::string id, Done<std::monostate> done) {
  asked_.emplace_back(RemoveCommand{std::move(endpoint), std::move(id), std::move(done)});
}

void RedisStore::peek(EndpointName endpoint, std::size_t limit,
                      Done<std::span<const Peeked>> done) {
  asked_.emplace_back(PeekCommand{std::move(endpoint), limit, std::move(done)});
}

void RedisStore::redrive(EndpointName dead, Done<std::size_t> done) {
  assert(dead.is_dead());
  asked_.emplace_back(RedriveCommand{std::move(dead), std::move(done)});
}

void RedisStore::counts(EndpointName endpoint, Done<EndpointCounts> done) {
  asked_.emplace_back(CountsCommand{std::move(endpoint), std::move(done)});
}

void RedisStore::list(ListQuery query, Done<std::vector<EndpointCounts>> done) {
  asked_.emplace_back(ListCommand{std::move(query), std::move(done)});
}

std::optional<Error> RedisStore::health() const {
  if (node_.is_ready()) return std::nullopt;
  if (node_.trouble()) return node_.trouble();
  return Error{Errc::unavailable, "Redis has not answered yet", kRetryAfter};
}

std::string RedisStore::caveat() const {
  if (!node_.is_ready() || node_.has_doorbell()) return {};
  return "Redis does not tell of changes; endpoints with waiting polls are looked at four times a "
         "second";
}

Deadline RedisStore::next_wish() const {
  if (!asked_.empty()) return Deadline(TimePoint::min());
  const Deadline node = node_.next_wish();
  if (!node_.is_ready()) return node;
  return std::min({node, tied_.next(), looks_.next(now_), sweep_at_, rounds_.next()});
}

bool RedisStore::run(TimePoint now) {
  now_ = now;
  bool worked = node_.run(now);
  if (node_.is_ready() && keep_up()) worked = true;
  running_.swap(asked_);
  if (!running_.empty()) worked = true;
  for (StoreCommand& command : running_) {
    std::visit([this](auto& each) { execute(each); }, command);
  }
  running_.clear();
  // When nothing more comes of this turn it leaves in one piece: a push and the claim of the poll
  // that waited for it, say.
  if (!worked) node_.flush();
  return worked;
}

// ---------------------------------------------------------------- helpers

std::int64_t RedisStore::clock(Duration from_now) const {
  const std::int64_t now = node_.clock(now_);
  return from_now.count() >= kNever - now ? kNever : now + from_now.count();
}

RedisCommand RedisStore::call(RedisScript script, const EndpointName& endpoint,
                              std::initializer_list<std::string_view> what) const {
  RedisCommand command = RedisCommand::call(script, what.size());
  for (const std::string_view each : what) {
    // Dead letters have no dead letters: what would become one stays where it is.
    const bool is_list = each == "list" || (each == "dead" && endpoint.is_dead());
    command.add_pieces(is_list ? keys_.list_pieces(endpoint) : keys_.pieces_beside(endpoint, each));
  }
  return command;
}

RedisCommand RedisStore::call_with_time(RedisScript script, const EndpointName& endpoint) {
  RedisCommand command = call(script, endpoint, {"list", "lease", "due", "retry", "delay", "dead"});
  command.add_number(clock(Duration::zero()));
  command.add_number(options_.store.max_attempts);
  command.add(endpoint.is_dead() ? "1" : "0");
  return command;
}

std::string RedisStore::element_of(const EndpointName& endpoint, const NewMessage& message) {
  std::optional<std::int64_t> expires;
  if (message.ttl) expires = clock(*message.ttl);
  if (expires == kNever) expires.reset();
  std::string element = redis_element(message.body, message.content_type, expires);
  return endpoint.is_dead() ? ":0:" + element : element;
}

Error RedisStore::away(const EndpointName& endpoint) const {
  const std::optional<Error> why = health();
  return {Errc::unavailable,
          "endpoint " + endpoint.text() + " cannot be used now: " +
              (why ? why->message : "the connection to Redis broke before it answered"),
          kRetryAfter};
}

bool RedisStore::is_away(const RedisValue* answer) {
  if (answer == nullptr) return true;
  return answer->is_error() && RedisTrouble::of(answer->text()).is_away;
}

Error RedisStore::error_of(const EndpointName& endpoint, const RedisValue* answer) const {
  if (answer == nullptr) return away(endpoint);
  const RedisTrouble trouble = RedisTrouble::of(answer->text());
  return {trouble.code, "endpoint " + endpoint.text() + " cannot be used now: " + trouble.what,
          kRetryAfter};
}

void RedisStore::ring(const EndpointName& endpoint, std::size_t available) {
  if (available == 0) return;
  looks_.stirred(endpoint);
  if (bell_) bell_(endpoint, available);
}

// ---------------------------------------------------------------- pushes

void RedisStore::execute(PushCommand& command) {
  const Push& push = command.push;
  if (!node_.is_ready()) {
    return answer<Pushed>(command.done, tl::make_unexpected(away(push.endpoint)));
  }
  const std::size_t count = 1 + push.more.size();
  const std::size_t most = options_.store.max_queued == 0
                               ? kMostAtOnce
                               : std::min(options_.store.max_queued, kMostAtOnce);
  if (count > most) {
    return answer<Pushed>(
        command.done,
        failure(Errc::too_large, std::to_string(count) + " messages were pushed to endpoint " +
                                     push.endpoint.text() + " at once, which takes at most " +
                                     std::to_string(most) + "; send them in parts"));
  }
  const auto is_delayed = [](const NewMessage& message) {
    return message.delay > Duration::zero();
  };
  const bool plain = options_.store.max_queued == 0 && push.key.empty() &&
                     !is_delayed(push.message) &&
                     std::none_of(push.more.begin(), push.more.end(), is_delayed);
  plain ? push_plain(command) : push_by_script(command);
}

void RedisStore::push_plain(PushCommand& command) {
  const Push& push = command.push;
  RedisCommand rpush{"RPUSH"};
  rpush.add_pieces(keys_.list_pieces(push.endpoint));
  rpush.add(element_of(push.endpoint, push.message));
  for (const NewMessage& each : push.more) rpush.add(element_of(push.endpoint, each));
  const std::size_t count = 1 + push.more.size();
  plain_pushes_.push_back({push.endpoint, count, std::move(command.done)});
  node_of(push.endpoint).send(rpush, [this](const RedisValue* reply) {
    const PushUnderWay sent = std::move(plain_pushes_.front());
    plain_pushes_.pop_front();
    if (reply == nullptr || reply->is_error()) {
      return answer<Pushed>(sent.done, tl::make_unexpected(error_of(sent.endpoint, reply)));
    }
    answer<Pushed>(sent.done, pushed(sent.count, false));
  });
  // Now, not with the answer: so the claim of a poll that waits here leaves with the push.
  ring(push.endpoint, count);
}

void RedisStore::push_by_script(PushCommand& command) {
  const Push& push = command.push;
  RedisCommand call = this->call(RedisScript::push, push.endpoint, {"list", "retry", "delay"});
  if (!push.key.empty()) {
    call = RedisCommand::call(RedisScript::push, 4);
    call.add(keys_.list(push.endpoint))
        .add(keys_.beside(push.endpoint, "retry"))
        .add(keys_.beside(push.endpoint, "delay"))
        .add(keys_.beside(push.endpoint, "key:" + hex(push.key)));
  }
  call.add_number(clock(Duration::zero()));
  call.add_number(static_cast<std::int64_t>(options_.store.max_queued));
  call.add(push.fingerprint);
  call.add_number(clock(kKeyLifetime));
  call.add_number(kKeyLifetime.count());
  std::size_t available = 0;
  Deadline first_due;
  const auto add = [&](const NewMessage& message) {
    std::string element = element_of(push.endpoint, message);
    if (message.delay <= Duration::zero()) {
      ++available;
      call.add("").add(element);
      return;
    }
    // Two messages that say the same must not become one, and those due at the same time keep the
    // order of their pushes.
    const std::string id = hex(static_cast<std::uint64_t>(clock(Duration::zero())), 16) + server_ +
                           hex(++last_delayed_, 13);
    assert(id.size() == kDelayIdLength);
    call.add_number(clock(message.delay));
    call.add("n" + id + element);
    first_due = std::min(first_due, Deadline::in(message.delay, now_));
  };
  add(push.message);
  for (const NewMessage& each : push.more) add(each);
  const auto on_answer = [this, endpoint = push.endpoint, available, first_due,
                          done = std::move(command.done)](const RedisValue* reply) {
    if (reply == nullptr || reply->is_error()) {
      return answer<Pushed>(done, tl::make_unexpected(error_of(endpoint, reply)));
    }
    const auto number = static_cast<std::size_t>((*reply)[1].integer());
    switch ((*reply)[0].integer()) {
      case 0:
        ring(endpoint, available);
        if (!first_due.is_never()) looks_.due(endpoint, first_due.at());
        return answer<Pushed>(done, pushed(number, false));
      case 1:
        return answer<Pushed>(done, pushed(number, true));
      case 2:
        return answer<Pushed>(
            done,
            failure(Errc::key_reused, "the idempotency key came to endpoint " + endpoint.text() +
                                          " with another message within the last ten "
                                          "minutes; a new message needs a new key"));
      default:
        return answer<Pushed>(
            done,
            tl::make_unexpected(Error{
                Errc::endpoint_full,
                "endpoint " + endpoint.text() + " is full: it holds " + std::to_string(number) +
                    " of at most " + std::to_string(options_.store.max_queued) +
                    " messages (--max-queued); try again when some were taken",
                kRetryAfter}));
    }
  };
  node_of(push.endpoint).send(call, on_answer);
}

}  // namespace pistachio
