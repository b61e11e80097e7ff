// The part of RedisStore that does what nobody asked for: keeps leases, looks after endpoints,
// hears what Redis has to say.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/store/redis_store.h"

namespace pistachio {
namespace {

// How often endpoints with waiting polls are looked at where Redis does not ring.
constexpr Duration kSweepEvery{250};

// Endpoints looked after in one run: twenty thousand at once would hold Redis up.
constexpr std::size_t kLooksAtOnce = 50;

// Leases renewed by one command: a large batch, which ends together and in order; a millisecond.
constexpr std::size_t kRenewedAtOnce = 1000;

// To the bell: as many as wait.
constexpr std::size_t kAll = UINT32_MAX;

}  // namespace

bool RedisStore::keep_up() {
  bool worked = false;
  if (tied_.next().reached(now_)) {
    renew_leases();
    worked = true;
  }
  if (looks_.next(now_).reached(now_)) {
    looks_.each_due(now_, kLooksAtOnce, [this](const EndpointName& each) { look_after(each); });
    worked = true;
  }
  if (sweep_at_.reached(now_)) {
    sweep();
    worked = true;
  }
  if (rounds_.next().reached(now_)) {
    rounds_.run(now_);
    worked = true;
  }
  return worked;
}

void RedisStore::renew_leases() {
  std::int64_t until =
      clock(TiedLeases::kLength);  // a millisecond later for each command: in order
  std::optional<EndpointName> of;
  std::optional<RedisCommand> renewal;
  std::size_t count = 0;
  const auto leave = [&] {
    if (renewal) node_of(*of).send(*renewal, {});
    renewal.reset();
    count = 0;
  };
  tied_.each_due(now_, [&](const EndpointName& endpoint, const Receipt& receipt) {
    if (!renewal || endpoint != *of || count == kRenewedAtOnce) {
      leave();
      of = endpoint;
      renewal.emplace(call(RedisScript::extend, endpoint, {"lease", "due"})).add_number(until++);
    }
    renewal->add(receipt);
    ++count;
  });
  leave();
}

// Moves what is due there, by whichever server it was promised.
void RedisStore::look_after(const EndpointName& endpoint) {
  node_of(endpoint).send(call_with_time(RedisScript::tick, endpoint),
                         [this, endpoint](const RedisValue* reply) {
                           if (is_away(reply)) return looks_.due(endpoint, now_);
                           looked_after(endpoint, *reply);
                         });
}

void RedisStore::looked_after(const EndpointName& endpoint, const RedisValue& reply) {
  const std::string_view failed = reply.is_error() ? reply.text() : reply[4].text();
  if (failed.empty()) {
    troubles_.went_well(endpoint);
  } else {
    const RedisTrouble trouble = RedisTrouble::of(failed);
    const std::string key(reply[5].text());
    troubles_.failed(endpoint, {trouble.code,
                                "what is due at endpoint " + endpoint.text() +
                                    " cannot be handed out: " + trouble.what +
                                    (key.empty() ? "" : "; the key is " + key),
                                EndpointTroubles::kAgainAfter});
    ring(endpoint, kAll);  // so that each who waits claims, and is told
  }
  const auto number = [&reply](std::size_t i) {
    return static_cast<std::size_t>(std::max<std::int64_t>(reply[i].integer(), 0));
  };
  if (const std::int64_t due = reply[1].integer(); reply.size() > 1 && due >= 0) {
    looks_.due(endpoint, node_.point(due));
  }
  if (number(2) > 0) {
    ring(endpoint, number(2));
  } else if (looks_.is_waited_for(endpoint)) {
    ring(endpoint, number(0));  // a bell that did not ring
  }
  if (!endpoint.is_dead()) ring(endpoint.dead(), number(3));
}

void RedisStore::sweep() {
  sweep_at_ = Deadline::in(kSweepEvery, now_);
  looks_.each_waited_for([this](const EndpointName& endpoint) {
    for (const std::string& key : {keys_.list(endpoint), keys_.beside(endpoint, "retry")}) {
      node_of(endpoint).send({"LLEN", key}, [this, endpoint](const RedisValue* reply) {
        if (reply != nullptr && reply->integer() > 0) {
          ring(endpoint, static_cast<std::size_t>(reply->integer()));
        }
      });
    }
  });
}

// ---------------------------------------------------------------- Redis

void RedisStore::on_ready() {
  sweep_at_ = node_.has_doorbell() ? Deadline::never() : Deadline::in(kSweepEvery, now_);
  // First of all, before a claim of ours finds that they have ended.
  tied_.all_are_due();
  renew_leases();
  looks_.all_stirred();
  rounds_.restart(now_);
  std::vector<StoreCommand> missed;
  missed.swap(later_);
  for (StoreCommand& command : missed) {
    std::visit([this](auto& each) { execute(each); }, command);
  }
  ring_all();
}

// Other keys that were read once are armed, too.
void RedisStore::on_key(std::string_view key) {
  const auto parsed = keys_.parse(key);
  if (!parsed) return;
  if (parsed->what.empty() || parsed->what == "retry") ring(parsed->endpoint, 1);
}

void RedisStore::ring_all() {
  looks_.all_stirred();
  looks_.each_waited_for([this](const EndpointName& endpoint) { ring(endpoint, 1); });
}

}  // namespace pistachio
