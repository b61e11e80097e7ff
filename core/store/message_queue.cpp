#include "core/store/message_queue.h"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <utility>

namespace pistachio {

using State = StoredMessage::State;

namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kBytesAhead = 2 * kCacheLine;  // of a body; the processor finds the rest

}  // namespace

MessageQueue::MessageQueue(EndpointName name, std::size_t hash)
    : hash_(hash), name_(std::move(name)) {}

void MessageQueue::arrive(StoredMessage& message, std::uint64_t arrival) {
  assert(message.queue == nullptr);
  message.arrival = arrival;
  message.queue = this;
  message.state = State::arriving;
  message.place = 0;
  arrivals_.push_back(message);
}

void MessageQueue::depart(StoredMessage& message) {
  leave_state(message);
  arrivals_.erase(message);
  message.queue = nullptr;
}

void MessageQueue::append(StoredMessage& message, std::uint64_t place) {
  leave_state(message);
  message.state = State::in_line;
  message.place = place;
  in_line_.push_back(message);
  if (message.late()) late_.insert(&message);
  ++queued_;
}

void MessageQueue::put_back(StoredMessage& message) {
  assert(message.place != 0);
  leave_state(message);
  message.state = State::returned;
  returned_.insert(&message);
  if (message.late()) late_.insert(&message);
  ++queued_;
}

void MessageQueue::delay(StoredMessage& message) {
  leave_state(message);
  message.state = State::delayed;
  hidden_.push_back(message);
  ++delayed_;
}

void MessageQueue::lease(StoredMessage& message) {
  leave_state(message);
  message.state = State::leased;
  ++leased_;
}

void MessageQueue::leave_state(StoredMessage& message) {
  assert(message.queue == this);
  switch (message.state) {
    case State::arriving:
      return;
    case State::in_line:
      in_line_.erase(message);
      break;
    case State::returned:
      returned_.erase(&message);
      break;
    case State::delayed:
      hidden_.erase(message);
      --delayed_;
      return;
    case State::leased:
      --leased_;
      message.line = {};  // where its receipt was
      return;
  }
  --queued_;
  if (message.late()) late_.erase(&message);
}

StoredMessage* MessageQueue::front() const {
  return returned_.empty() ? in_line_.front() : *returned_.begin();
}

// A write that misses the caches holds up all that are behind it, and with them whoever reads what
// they wrote: so the links that the next claim changes are loaded as well as what it reads.
void MessageQueue::expect_claim() const {
  const StoredMessage* const next = front();
  if (next == nullptr) return;
  if (next->payload.present()) {
    const std::string_view body = next->payload.body().substr(0, kBytesAhead);
    for (std::size_t at = 0; at < body.size(); at += kCacheLine) {
      __builtin_prefetch(body.data() + at);
    }
  }
  if (const StoredMessage* const then = Line::after(*next)) {
    __builtin_prefetch(then, /*to write=*/1);
    __builtin_prefetch(&then->payload, /*to write=*/1);
    __builtin_prefetch(&then->state, /*to write=*/1);
  }
}

std::vector<StoredMessage*> MessageQueue::resting() const {
  std::vector<StoredMessage*> all(returned_.begin(), returned_.end());
  all.reserve(queued_ + delayed_);
  for (StoredMessage* m = in_line_.front(); m != nullptr; m = Line::after(*m)) all.push_back(m);
  if (hidden_.empty()) return all;
  for (StoredMessage* m = hidden_.front(); m != nullptr; m = Line::after(*m)) all.push_back(m);
  std::sort(all.begin(), all.end(), [](const StoredMessage* a, const StoredMessage* b) {
    // Without a place is 0, which as unsigned less one is behind all others.
    return a->place != b->place ? a->place - 1 < b->place - 1 : a->id < b->id;
  });
  return all;
}

std::vector<std::uint64_t> MessageQueue::absent_ahead(std::size_t look, std::size_t most,
                                                      std::size_t bytes) const {
  std::vector<std::uint64_t> ids;
  std::size_t found_bytes = 0;
  const auto add = [&](const StoredMessage& message) {
    if (message.payload.present()) return;
    ids.push_back(message.id);
    found_bytes += message.payload.size();
  };
  const auto enough = [&] { return look == 0 || ids.size() >= most || found_bytes >= bytes; };
  for (const StoredMessage* const message : returned_) {
    if (enough()) return ids;
    --look;
    add(*message);
  }
  for (const StoredMessage* m = in_line_.front(); m != nullptr && !enough(); m = Line::after(*m)) {
    --look;
    add(*m);
  }
  return ids;
}

// The oldest has the smallest id. Whoever joined at its push is younger than all that were in the
// queue before it, and the front was before all: so it is the front, or one of those that were
// late. Finding it costs the same however many wait.
const StoredMessage* MessageQueue::oldest() const {
  const StoredMessage* const first = front();
  if (late_.empty() || (*late_.begin())->id > first->id) return first;
  return *late_.begin();
}

EndpointCounts MessageQueue::counts(TimePoint now) const {
  EndpointCounts counts;
  counts.name = name_.text();
  counts.queued = queued_;
  counts.delayed = delayed_;
  counts.leased = leased_;
  if (queued_ > 0) counts.oldest = now - oldest()->pushed_at;
  return counts;
}

}  // namespace pistachio
