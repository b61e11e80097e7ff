// The part of RedisStore that hands messages out and takes them back.

#include <algorithm>
#include <memory>
#include <utility>

#include "core/store/redis_element.h"
#include "core/store/redis_store.h"

namespace pistachio {
namespace {

// As many messages as the claim script drops before it answers.
constexpr std::int64_t kMostDropped = 1000;

// Bytes that one claim takes, unless its first message is larger: some milliseconds, in which Redis
// serves nobody else. Whoever asked for more has a shorter batch and asks again.
constexpr std::size_t kMostBytes = 1u << 20;

// Claims under way at once. When ten thousand polls arrive together the others wait here, where
// each takes a hundred bytes and not some thousand, and nothing else waits for them in Redis.
constexpr std::size_t kMostClaims = 512;

// What the claim script answers before the messages.
constexpr std::size_t kClaimHead = 3;

tl::unexpected<Error> gone(const EndpointName& endpoint) {
  return failure(Errc::gone, "the receipt holds no message of endpoint " + endpoint.text() +
                                 ": it was settled, given back, its lease has ended, or it never "
                                 "was one; take the message again");
}

}  // namespace

// ---------------------------------------------------------------- claims

void RedisStore::execute(ClaimCommand& command) {
  const EndpointName& endpoint = command.claim.endpoint;
  const EndpointLooks::Known known = looks_.claimed(endpoint, now_);
  // A poll that comes back after its message, say: Redis would say no more than it did, and rings.
  if (command.claim.waits && known == EndpointLooks::Known::asleep) return command.done(Claimed{});
  if (!held_claims_.empty() || claims_.size() - free_claims_.size() >= kMostClaims) {
    held_claims_.push_back(std::move(command));
  } else {
    start_claim(command, known);
  }
}

void RedisStore::start_claim(ClaimCommand& command, EndpointLooks::Known known) {
  const EndpointName& endpoint = command.claim.endpoint;
  if (!node_.is_ready() || command.claim.max == 0) return command.done(Claimed{});
  // Perhaps a server that has died has left something here. For who waits that is soon looked for.
  if (known == EndpointLooks::Known::nothing && !command.claim.waits) look_after(endpoint);
  if (free_claims_.empty()) {
    free_claims_.push_back(claims_.size());
    claims_.emplace_back();
  }
  const std::size_t slot = free_claims_.back();
  free_claims_.pop_back();
  claims_[slot].command.emplace(std::move(command));
  send_claim(slot);
}

void RedisStore::send_claim(std::size_t slot) {
  ClaimUnderWay& under_way = claims_[slot];
  const Claim& claim = under_way.command->claim;
  under_way.question = looks_.asked(claim.endpoint);
  under_way.receipts.resize(claim.max);
  // Not as call() does: Redis 7.0 would ring for every key that the call of a script declares. The
  // others are in the same slot of a cluster.
  const EndpointName& endpoint = claim.endpoint;
  RedisCommand call = RedisCommand::call(RedisScript::claim, 1);
  call.add_pieces(keys_.list_pieces(endpoint));
  for (const std::string_view what : {"lease", "due", "retry"}) {
    call.add_pieces(keys_.pieces_beside(endpoint, what));
  }
  call.add_pieces(endpoint.is_dead() ? keys_.list_pieces(endpoint)
                                     : keys_.pieces_beside(endpoint, "dead"));
  call.add_number(clock(Duration::zero()));
  call.add(claim.endpoint.is_dead() ? "1" : "0");
  call.add_number(clock(claim.lease.value_or(TiedLeases::kLength)));
  call.add(id_prefix_).add_number(static_cast<std::int64_t>(last_id_ + 1));
  call.add_number(static_cast<std::int64_t>(std::min(claim.max_bytes, kMostBytes)));
  last_id_ += claim.max;
  for (Receipt& receipt : under_way.receipts) {
    receipt = receipts_.next();
    call.add(receipt);
  }
  node_of(claim.endpoint).send(call, [this, slot](const RedisValue* reply) {
    on_claim_answered(slot, reply);
  });
}

void RedisStore::on_claim_answered(std::size_t slot, const RedisValue* reply) {
  ClaimUnderWay& under_way = claims_[slot];
  const EndpointName& endpoint = under_way.command->claim.endpoint;
  const auto& done = under_way.command->done;
  if (reply == nullptr) {
    // Perhaps it was carried out. Nobody has seen these messages: back with them.
    for (auto each = under_way.receipts.rbegin(); each != under_way.receipts.rend(); ++each) {
      later_.emplace_back(GiveBackCommand{endpoint, *each, {}, {}});
    }
    done(Claimed{});
  } else if (is_away(reply)) {
    done(Claimed{});
  } else if (reply->is_error()) {
    done(tl::make_unexpected(error_of(endpoint, reply)));
  } else if (reply->size() == kClaimHead && (*reply)[2].integer() >= kMostDropped) {
    if (node_.is_ready()) return send_claim(slot);
    done(Claimed{});
  } else {
    hand_out(under_way, *reply);
  }
  under_way.command.reset();
  free_claims_.push_back(slot);
  while (!held_claims_.empty() && !free_claims_.empty()) {
    ClaimCommand held = std::move(held_claims_.front());
    held_claims_.pop_front();
    start_claim(held, looks_.claimed(held.claim.endpoint, now_));
  }
}

void RedisStore::hand_out(const ClaimUnderWay& under_way, const RedisValue& reply) {
  const Claim& claim = under_way.command->claim;
  const EndpointName& endpoint = claim.endpoint;
  const auto remaining = static_cast<std::size_t>(reply[0].integer());
  const Error* const trouble = troubles_.of(endpoint);
  if (remaining == 0 && trouble == nullptr && node_.has_doorbell()) {
    looks_.found_empty(endpoint, under_way.question);
  }
  if (const std::int64_t died = reply[1].integer(); died > 0 && !endpoint.is_dead()) {
    ring(endpoint.dead(), static_cast<std::size_t>(died));
  }
  if (trouble != nullptr && reply.size() == kClaimHead) {
    looks_.due(endpoint, now_ + EndpointTroubles::kAgainAfter);
    return under_way.command->done(tl::make_unexpected(*trouble));
  }
  const std::size_t count =
      std::min(under_way.receipts.size(), (std::max(reply.size(), kClaimHead) - kClaimHead) / 3);
  types_.clear();
  types_.reserve(count);  // the messages view them
  for (std::size_t i = 0; i < count; ++i) {
    const RedisValue id = reply[kClaimHead + 3 * i];
    const std::int64_t attempts = reply[kClaimHead + 3 * i + 1].integer();
    const RedisElement element = RedisElement::parse(reply[kClaimHead + 3 * i + 2].text());
    const Receipt& receipt = under_way.receipts[i];
    types_.push_back(element.type);
    delivered_.push_back({receipt,
                          {.id = std::string(id.text()),
                           .body = element.body,
                           .content_type = types_.back(),
                           .attempt = static_cast<std::uint32_t>(attempts) + 1,
                           .age = std::nullopt}});
    if (!claim.lease) tied_.add(endpoint, receipt, now_);
  }
  if (claim.lease && count > 0) {
    const Deadline ends = Deadline::in(*claim.lease, now_);
    if (!ends.is_never()) looks_.due(endpoint, ends.at());
  }
  under_way.command->done(Claimed{delivered_, remaining});
  delivered_.clear();
}

// ---------------------------------------------------------------- settling

// Redis would not let it go. When its lease ends was not refused, perhaps, and has gone: without
// that nothing would bring it back.
void RedisStore::keep_due(const EndpointName& endpoint, const Receipt& receipt) {
  RedisCommand again{"ZADD"};
  again.add_pieces(keys_.pieces_beside(endpoint, "due"));
  again.add_number(clock(TiedLeases::kLength)).add(receipt);
  node_of(endpoint).send(again, {});
  looks_.due(endpoint, now_ + TiedLeases::kLength);
}

// First the message, then when its lease ends: what is left when only the first is done is nothing
// to anybody.
void RedisStore::settle_one(const EndpointName& endpoint, const Receipt& receipt, Haste haste,
                            Then then) {
  RedisNode& node = node_of(endpoint);
  const auto remove = [&](std::string_view how, std::string_view from, Then and_then) {
    RedisCommand command{how};
    command.add_pieces(keys_.pieces_beside(endpoint, from)).add(receipt);
    node.send(command, std::move(and_then), haste);
  };
  remove("HDEL", "lease", std::move(then));
  remove("ZREM", "due", {});
}

void RedisStore::execute(SettleCommand& command) {
  tied_.remove(command.receipt);
  if (!node_.is_ready()) {
    later_.emplace_back(std::move(command));
    return;
  }
  settle_one(command.endpoint, command.receipt, Haste::none, [this](const RedisValue* reply) {
    SettleCommand& settled = settling_.front();
    if (is_away(reply)) {
      later_.emplace_back(std::move(settled));
    } else if (reply->is_error()) {
      keep_due(settled.endpoint, settled.receipt);
    }
    settling_.pop_front();
  });
  settling_.push_back(std::move(command));
}

void RedisStore::execute(SettleManyCommand& command) {
  for (const Receipt& receipt : command.receipts) tied_.remove(receipt);
  if (!command.done) {
    for (const Receipt& receipt : command.receipts) {
      SettleCommand each{command.endpoint, receipt};
      execute(each);
    }
    return;
  }
  if (!node_.is_ready()) return command.done(tl::make_unexpected(away(command.endpoint)));
  if (command.receipts.empty()) return command.done(std::vector<Receipt>());
  struct Settling {
    SettleManyCommand command;
    std::vector<Receipt> gone;
    std::size_t answers = 0;
  };
  const auto settling = std::make_shared<Settling>(Settling{std::move(command), {}, 0});
  for (const Receipt& receipt : settling->command.receipts) {
    settle_one(settling->command.endpoint, receipt, Haste::some,
               [this, settling, &receipt](const RedisValue* reply) {
                 const SettleManyCommand& asked = settling->command;
                 const bool held = reply != nullptr && reply->integer() == 1;
                 if (!held) settling->gone.push_back(receipt);
                 if (!is_away(reply) && reply->is_error()) keep_due(asked.endpoint, receipt);
                 if (++settling->answers < asked.receipts.size()) return;
                 if (reply == nullptr || reply->is_error()) {
                   return asked.done(tl::make_unexpected(error_of(asked.endpoint, reply)));
                 }
                 asked.done(std::move(settling->gone));
               });
  }
}

void RedisStore::execute(GiveBackCommand& command) {
  tied_.remove(command.receipt);
  if (!node_.is_ready()) {
    if (command.done) return command.done(tl::make_unexpected(away(command.endpoint)));
    later_.emplace_back(std::move(command));
    return;
  }
  const Deadline hidden_until = Deadline::in(command.how.hidden, now_);
  RedisCommand call = call_with_time(RedisScript::give_back, command.endpoint);
  call.add(command.receipt.text());
  call.add(command.how.counted ? "1" : "0").add(command.how.dead ? "1" : "0");
  const bool hidden = command.how.hidden > Duration::zero();
  call.add(hidden ? std::to_string(clock(command.how.hidden)) : "");
  RedisNode& node = node_of(command.endpoint);
  node.send(call, [this, asked = std::move(command), hidden_until](const RedisValue* reply) {
    if (!asked.done && is_away(reply)) return later_.emplace_back(asked), void();
    if (reply == nullptr || reply->is_error()) {
      if (asked.done) asked.done(tl::make_unexpected(error_of(asked.endpoint, reply)));
      return;
    }
    const std::int64_t became = reply->integer();
    if (became == 0) ring(asked.endpoint, 1);
    if (became == 1 && !hidden_until.is_never()) looks_.due(asked.endpoint, hidden_until.at());
    if (became == 2 && !asked.endpoint.is_dead()) ring(asked.endpoint.dead(), 1);
    if (!asked.done) return;
    if (became < 0) return asked.done(gone(asked.endpoint));
    asked.done(std::monostate());
  });
}

void RedisStore::execute(ExtendCommand& command) {
  if (!node_.is_ready()) {
    if (command.done) command.done(tl::make_unexpected(away(command.endpoint)));
    return;
  }
  tied_.remove(command.receipt);
  RedisNode& node = node_of(command.endpoint);
  RedisCommand extend = call(RedisScript::extend, command.endpoint, {"lease", "due"});
  extend.add_number(clock(command.lease)).add(command.receipt);
  const Deadline ends = Deadline::in(command.lease, now_);
  node.send(extend, [this, asked = std::move(command), ends](const RedisValue* reply) {
    const bool held = reply != nullptr && reply->integer() == 1;
    if (held && !ends.is_never()) looks_.due(asked.endpoint, ends.at());
    if (!asked.done) return;
    if (reply == nullptr || reply->is_error()) {
      return asked.done(tl::make_unexpected(error_of(asked.endpoint, reply)));
    }
    if (!held) return asked.done(gone(asked.endpoint));
    asked.done(std::monostate());
  });
}

}  // namespace pistachio
