#include "tests/support/store_model.h"

#include <algorithm>
#include <set>

namespace pistachio {
namespace {

bool is_dead(const std::string& endpoint) { return endpoint.ends_with(".dead"); }

}  // namespace

StoreModel::Message* StoreModel::find(std::uint64_t id) {
  for (Message& message : messages_) {
    if (message.id == id) return &message;
  }
  return nullptr;
}

StoreModel::Message* StoreModel::held(const std::string& endpoint, std::uint64_t id,
                                      std::uint32_t delivery) {
  Message* const message = find(id);
  const bool is_held = message != nullptr && message->endpoint == endpoint &&
                       message->state == MessageState::leased && message->deliveries == delivery;
  return is_held ? message : nullptr;
}

std::optional<TimePoint> StoreModel::next_of(const Message& message) const {
  if (message.state == MessageState::leased) return message.until;
  if (message.state == MessageState::queued) return message.ttl_ends;
  if (!message.ttl_ends) return message.until;
  return std::min(*message.ttl_ends, *message.until);
}

std::optional<TimePoint> StoreModel::next() const {
  std::optional<TimePoint> first;
  for (const Message& message : messages_) {
    const auto mine = next_of(message);
    if (mine && (!first || *mine < *first)) first = mine;
  }
  for (const auto& [scope, key] : keys_) {
    if (!first || key.ends < *first) first = key.ends;
  }
  return first;
}

void StoreModel::advance(TimePoint now) {
  for (;;) {
    Message* first = nullptr;
    for (Message& message : messages_) {
      const auto mine = next_of(message);
      if (!mine || *mine > now) continue;
      const bool earlier = first == nullptr || *mine < *next_of(*first) ||
                           (*mine == *next_of(*first) && message.id < first->id);
      if (earlier) first = &message;
    }
    if (first == nullptr) break;
    const TimePoint at = *next_of(*first);
    if (first->state == MessageState::leased) {
      come_back(*first, {.counted = true}, at);
    } else if (first->ttl_ends == at) {
      ++totals_.expired;
      drop(first->id);
    } else {
      make_available(*first);
    }
  }
  for (auto key = keys_.begin(); key != keys_.end();) {
    key = key->second.ends <= now ? keys_.erase(key) : std::next(key);
  }
}

Expected<Pushed> StoreModel::push(const Push& push, TimePoint now) {
  const std::string& endpoint = push.endpoint.text();
  const auto known = keys_.find({endpoint, push.key});
  if (!push.key.empty() && known != keys_.end()) {
    if (known->second.fingerprint != push.fingerprint) return failure(Errc::key_reused, "");
    Pushed again = known->second.answer;
    again.replayed = true;
    return again;
  }
  std::vector<NewMessage> parts = push.more;
  parts.insert(parts.begin(), push.message);
  const EndpointCounts held = counts(endpoint, now);
  if (options_.max_queued != 0 && held.queued + held.delayed + parts.size() > options_.max_queued) {
    return failure(Errc::endpoint_full, "");
  }
  if (!push.key.empty() && keys_.size() >= options_.max_keys) {
    return failure(Errc::endpoint_full, "");
  }
  const Pushed pushed{parts.size(), last_id_ + 1};
  for (const NewMessage& part : parts) {
    Message message;
    message.id = ++last_id_;
    message.endpoint = endpoint;
    message.body = part.body;
    message.pushed_at = now;
    message.arrival = ++last_arrival_;
    if (part.ttl) message.ttl_ends = now + *part.ttl;
    if (part.delay > Duration::zero()) {
      message.state = MessageState::delayed;
      message.until = now + part.delay;
    }
    messages_.push_back(message);
    if (message.state == MessageState::queued) make_available(messages_.back());
    ++totals_.pushed;
  }
  if (!push.key.empty()) {
    keys_[{endpoint, push.key}] = {push.fingerprint, pushed, now + kKeyLifetime};
  }
  return pushed;
}

std::vector<StoreModel::Message> StoreModel::claim(const std::string& endpoint, std::size_t max,
                                                   std::size_t max_bytes,
                                                   std::optional<Duration> lease, TimePoint now) {
  std::vector<Message> claimed;
  std::size_t bytes = 0;
  while (claimed.size() < max) {
    Message* first = nullptr;
    for (Message& message : messages_) {
      if (message.endpoint != endpoint || message.state != MessageState::queued) continue;
      if (first == nullptr || *message.place < *first->place) first = &message;
    }
    if (first == nullptr) break;
    bytes += first->body.size();
    if (!claimed.empty() && bytes > max_bytes) break;
    first->state = MessageState::leased;
    first->until.reset();
    first->ttl_ends.reset();
    if (lease) first->until = now + *lease;
    ++first->deliveries;
    claimed.push_back(*first);
  }
  return claimed;
}

bool StoreModel::settle(const std::string& endpoint, std::uint64_t id, std::uint32_t delivery) {
  if (held(endpoint, id, delivery) == nullptr) return false;
  ++totals_.settled;
  drop(id);
  return true;
}

bool StoreModel::give_back(const std::string& endpoint, std::uint64_t id, std::uint32_t delivery,
                           const GiveBack& how, TimePoint now) {
  Message* const message = held(endpoint, id, delivery);
  if (message == nullptr) return false;
  come_back(*message, how, now);
  return true;
}

void StoreModel::come_back(Message& message, const GiveBack& how, TimePoint now) {
  if (how.counted) ++message.attempts;
  const bool spent =
      how.counted && options_.max_attempts != 0 && message.attempts >= options_.max_attempts;
  if (!is_dead(message.endpoint) && (how.dead || spent)) {
    ++totals_.dead;
    message.ttl_ends.reset();
    move(message, message.endpoint + ".dead");
  } else if (how.hidden > Duration::zero()) {
    message.state = MessageState::delayed;
    message.until = now + how.hidden;
  } else {
    make_available(message);
  }
}

bool StoreModel::extend(const std::string& endpoint, std::uint64_t id, std::uint32_t delivery,
                        Duration lease, TimePoint now) {
  Message* const message = held(endpoint, id, delivery);
  if (message == nullptr) return false;
  message->until = now + lease;
  return true;
}

std::size_t StoreModel::purge(const std::string& endpoint) {
  const std::size_t removed = std::erase_if(messages_, [&endpoint](const Message& message) {
    return message.endpoint == endpoint && message.state != MessageState::leased;
  });
  totals_.purged += removed;
  return removed;
}

bool StoreModel::remove(const std::string& endpoint, std::uint64_t id) {
  const Message* const message = find(id);
  if (message == nullptr || message->endpoint != endpoint) return false;
  if (message->state == MessageState::leased) return false;
  ++totals_.purged;
  drop(id);
  return true;
}

std::size_t StoreModel::redrive(const std::string& dead) {
  const std::string alive = dead.substr(0, dead.size() - std::string(".dead").size());
  std::vector<Message> moving;
  for (const Message& message : messages_) {
    if (message.endpoint == dead && message.state != MessageState::leased) {
      moving.push_back(message);
    }
  }
  std::sort(moving.begin(), moving.end(), [](const Message& a, const Message& b) {
    if (a.place.has_value() != b.place.has_value()) return a.place.has_value();
    return a.place ? *a.place < *b.place : a.id < b.id;
  });
  for (const Message& message : moving) {
    Message& moved = *find(message.id);
    moved.attempts = 0;
    move(moved, alive);
    ++totals_.redriven;
  }
  return moving.size();
}

void StoreModel::restart(Duration shift, std::uint64_t last_id) {
  last_id_ = last_id;
  for (Message& message : messages_) {
    message.pushed_at += shift;
    if (message.state == MessageState::leased) make_available(message);
    if (message.ttl_ends) *message.ttl_ends += shift;
    if (message.until) *message.until += shift;
  }
  for (auto& [scope, key] : keys_) key.ends += shift;
  rung_.clear();
  totals_ = {};
  totals_.pushed = messages_.size();
}

void StoreModel::make_available(Message& message) {
  message.state = MessageState::queued;
  message.until.reset();
  if (!message.place) message.place = ++last_place_;
  ++rung_[message.endpoint];
}

void StoreModel::move(Message& message, const std::string& endpoint) {
  message.endpoint = endpoint;
  message.arrival = ++last_arrival_;
  message.place.reset();
  make_available(message);
}

void StoreModel::drop(std::uint64_t id) {
  std::erase_if(messages_, [id](const Message& message) { return message.id == id; });
}

std::vector<StoreModel::Message> StoreModel::peek(const std::string& endpoint) const {
  std::vector<Message> all;
  for (const Message& message : messages_) {
    if (message.endpoint == endpoint) all.push_back(message);
  }
  std::sort(all.begin(), all.end(),
            [](const Message& a, const Message& b) { return a.arrival < b.arrival; });
  return all;
}

EndpointCounts StoreModel::counts(const std::string& endpoint, TimePoint now) const {
  EndpointCounts counts;
  counts.name = endpoint;
  for (const Message& message : messages_) {
    if (message.endpoint != endpoint) continue;
    if (message.state == MessageState::leased) ++counts.leased;
    if (message.state == MessageState::delayed) ++counts.delayed;
    if (message.state != MessageState::queued) continue;
    ++counts.queued;
    counts.oldest = std::max(counts.oldest.value_or(Duration::zero()), now - message.pushed_at);
  }
  return counts;
}

std::vector<std::string> StoreModel::names() const {
  std::set<std::string> all;
  for (const Message& message : messages_) all.insert(message.endpoint);
  return {all.begin(), all.end()};
}

StoreTotals StoreModel::totals() const {
  StoreTotals totals = totals_;
  for (const Message& message : messages_) {
    if (message.state == MessageState::queued) ++totals.queued;
    if (message.state == MessageState::delayed) ++totals.delayed;
    if (message.state == MessageState::leased) ++totals.leased;
  }
  return totals;
}

}  // namespace pistachio
