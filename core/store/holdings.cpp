#include "core/store/holdings.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace pistachio {
namespace {

using State = StoredMessage::State;

}  // namespace

bool Holdings::run_due(TimePoint now) {
  if (!next().reached(now)) return false;
  while (timetable_.next().reached(now)) {
    const TimePoint at = timetable_.next().at();
    StoredMessage& message = *timetable_.first();
    if (message.state == State::leased) {
      give_back(message, {.counted = true}, at);
    } else if (message.expires.reached(at)) {
      expire(message);
    } else {
      make_available(message);
      ring(*message.queue, 1);
    }
  }
  return true;
}

std::uint64_t Holdings::push(Push&& push, TimePoint now) {
  MessageQueue& queue = endpoints_.at(push.endpoint);
  const std::size_t before = queue.queued();
  const bool joint = !push.more.empty() || !push.key.empty();
  const std::uint64_t first_id = admit(queue, std::move(push.message), joint, now);
  for (NewMessage& message : push.more) admit(queue, std::move(message), joint, now);
  ring(queue, queue.queued() - before);
  return first_id;
}

const StoredMessage* Holdings::claim(MessageQueue& queue, std::size_t max_bytes,
                                     Deadline lease_ends) {
  StoredMessage* const message = queue.front();
  if (message == nullptr || message->payload.body_size() > max_bytes) return nullptr;
  if (!message->payload.present()) return nullptr;
  detach(*message);
  queue.lease(*message);
  leases_.lease(*message);
  if (!message->expires.is_never()) {
    // Somebody took it in time: from now on it is kept until it is settled.
    message->expires = Deadline::never();
    note_change(*message);
  }
  timetable_.file(*message, lease_ends);
  return message;
}

StoredMessage* Holdings::held(const EndpointName& endpoint, const Receipt& receipt) const {
  StoredMessage* const message = leases_.find(receipt);
  return message != nullptr && message->queue->name() == endpoint ? message : nullptr;
}

void Holdings::settle(StoredMessage& message) {
  ++totals_.settled;
  forget(message);
}

void Holdings::give_back(StoredMessage& message, const GiveBack& how, TimePoint now) {
  if (message.refused) return withdraw(message);
  if (how.counted) count(message);
  const bool spent = how.counted && max_attempts_ != 0 && message.attempts >= max_attempts_;
  if ((how.dead || spent) && !message.queue->name().is_dead()) {
    bury(message);
  } else if (how.hidden > Duration::zero()) {
    detach(message);
    hide(message, Deadline::in(how.hidden, now));
  } else {
    make_available(message);
    ring(*message.queue, 1);
  }
}

void Holdings::extend(StoredMessage& message, Deadline lease_ends) {
  timetable_.strike(message);
  timetable_.file(message, lease_ends);
}

std::size_t Holdings::purge(const EndpointName& endpoint) {
  const MessageQueue* const queue = find(endpoint);
  if (queue == nullptr) return 0;
  const std::vector<StoredMessage*> resting = queue->resting();
  for (StoredMessage* const message : resting) forget(*message);
  totals_.purged += resting.size();
  return resting.size();
}

bool Holdings::remove(const EndpointName& endpoint, std::uint64_t id) {
  StoredMessage* const message = messages_.find(id);
  if (message == nullptr || message->state == State::leased) return false;
  if (message->queue->name() != endpoint) return false;
  ++totals_.purged;
  forget(*message);
  return true;
}

std::size_t Holdings::redrive(const EndpointName& dead) {
  const MessageQueue* const from = find(dead);
  if (from == nullptr) return 0;
  const std::vector<StoredMessage*> resting = from->resting();
  if (resting.empty()) return 0;
  MessageQueue& to = endpoints_.at(dead.alive());
  for (StoredMessage* const message : resting) {
    message->attempts = 0;
    transfer(*message, to);
  }
  totals_.redriven += resting.size();
  ring(to, resting.size());
  return resting.size();
}

StoreTotals Holdings::totals() const {
  StoreTotals totals = totals_;
  totals.leased = leases_.size();
  totals.queued = messages_.size() - totals.leased - totals.delayed;
  return totals;
}

void Holdings::withdraw(StoredMessage& message) {
  --totals_.pushed;
  forget(message);
}

std::uint64_t Holdings::admit(MessageQueue& queue, NewMessage&& message, bool joint,
                              TimePoint now) {
  StoredMessage& stored = messages_.add();
  stored.payload = Payload(message.body, message.content_type);
  stored.pushed_at = now;
  if (message.ttl) stored.expires = Deadline::in(*message.ttl, now);
  queue.arrive(stored, ++last_place_);
  if (message.delay > Duration::zero()) {
    hide(stored, Deadline::in(message.delay, now));
  } else {
    queue.append(stored, stored.arrival);
    timetable_.file(stored, stored.expires);
  }
  ++totals_.pushed;
  if (changes_ != nullptr) changes_->added(stored, joint);
  return stored.id;
}

void Holdings::forget(StoredMessage& message) {
  if (changes_ != nullptr) changes_->removed(message);
  detach(message);
  MessageQueue& queue = *message.queue;
  queue.depart(message);
  messages_.erase(message);
  endpoints_.drop_if_empty(queue);
}

void Holdings::transfer(StoredMessage& message, MessageQueue& to) {
  detach(message);
  MessageQueue& from = *message.queue;
  from.depart(message);
  to.arrive(message, ++last_place_);
  make_available(message);
  note_change(message);
  endpoints_.drop_if_empty(from);
}

void Holdings::count(StoredMessage& message) {
  if (message.attempts < std::numeric_limits<std::uint32_t>::max()) ++message.attempts;
  note_change(message);
}

void Holdings::hide(StoredMessage& message, Deadline until) {
  message.queue->delay(message);
  ++totals_.delayed;
  // The end of its ttl is not later than its being due: then it is never due.
  timetable_.file(message, std::min(until, message.expires));
  note_change(message);
}

// Nothing but its queue knows of it any more: how every change of state begins.
void Holdings::detach(StoredMessage& message) {
  timetable_.strike(message);
  if (message.state == State::leased) leases_.end(message);
  if (message.state == State::delayed) --totals_.delayed;
}

void Holdings::make_available(StoredMessage& message) {
  detach(message);
  if (message.place == 0) {
    message.queue->append(message, ++last_place_);
    note_change(message);
  } else {
    message.queue->put_back(message);
    if (!message.committed) note_change(message);  // nobody holds it any more: now it is written
  }
  timetable_.file(message, message.expires);
}

// Somebody had it in time and gave it up. From now on it is for people to look at, who take longer
// than a ttl: it has none any more.
void Holdings::bury(StoredMessage& message) {
  message.expires = Deadline::never();
  MessageQueue& dead = endpoints_.at(message.queue->name().dead());
  transfer(message, dead);
  ++totals_.dead;
  ring(dead, 1);
}

void Holdings::expire(StoredMessage& message) {
  ++totals_.expired;
  forget(message);
}

void Holdings::note_change(StoredMessage& message) {
  if (changes_ != nullptr) changes_->changed(message);
}

void Holdings::ring(const MessageQueue& queue, std::size_t available) {
  if (bell_ && available > 0) bell_(queue.name(), available);
}

}  // namespace pistachio
