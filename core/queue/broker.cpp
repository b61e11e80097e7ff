#include "core/queue/broker.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pistachio {
namespace {

// As many lines as usually end and begin again in one turn.
constexpr std::size_t kSpareLines = 64;

}  // namespace

Broker::Broker(Store& store, BrokerOptions options, Answer answer, TimePoint now)
    : store_(store), options_(options), answer_(std::move(answer)), timers_(now), now_(now) {
  store_.set_bell(
      [this](const EndpointName& name, std::size_t available) { on_bell(name, available); });
}

Expected<PollId> Broker::poll(const PollRequest& request, std::uint64_t caller, TimePoint now) {
  assert(!request.names.empty() && request.names.size() <= 64);
  now_ = now;
  if (places_ + request.names.size() > options_.max_places) {
    return tl::make_unexpected(Error{Errc::endpoint_full,
                                     "too many polls wait at this server; try again later",
                                     std::chrono::seconds(1)});
  }
  if (free_polls_.empty()) {
    const auto slot = static_cast<std::uint32_t>(polls_.size());
    polls_.emplace_back().slot = slot;
    free_polls_.push_back(slot);
  }
  Poll& poll = polls_[free_polls_.back()];
  free_polls_.pop_back();
  poll.caller = caller;
  poll.arrived = now;
  poll.deadline = draining_ ? Deadline(now) : request.deadline;
  poll.lease = request.lease.value_or(Duration(-1));
  poll.max = static_cast<std::uint16_t>(request.max);
  poll.names = static_cast<std::uint8_t>(request.names.size());
  if (request.names.size() > 1) poll.several = std::make_unique<Place[]>(request.names.size());
  for (std::size_t i = 0; i < request.names.size(); ++i) {
    poll.place(i).poll = &poll;
    line_of(request.names[i]).append(poll.place(i));
  }
  places_ += request.names.size();
  ask_here(poll);
  return id_of(poll);
}

WaitingLine& Broker::line_of(const EndpointName& name) {
  auto found = lines_.find(name);
  if (found == lines_.end()) {
    if (spare_lines_.empty()) {
      found = lines_.emplace(name, WaitingLine{}).first;
    } else {
      auto& spare = spare_lines_.back();
      spare.key() = name;
      spare.mapped() = WaitingLine{};
      found = lines_.insert(std::move(spare)).position;
      spare_lines_.pop_back();
    }
    found->second.name = &found->first;
  }
  return found->second;
}

void Broker::end_line(const EndpointName& name) {
  store_.nobody_waits(name);
  const auto line = lines_.find(name);
  if (spare_lines_.size() < kSpareLines) {
    spare_lines_.push_back(lines_.extract(line));
  } else {
    lines_.erase(line);
  }
}

// The poll has come to the place where it asks next.
void Broker::ask_here(Poll& poll) {
  WaitingLine& line = *poll.place(poll.next_name).line;
  ++line.undecided;
  // What this turn has asked of the store may still bring a message. A poll that does not wait, or
  // that would take one from a name it wants less, learns of it by a claim alone.
  const bool must_claim = poll.deadline.reached(now_) || poll.names > 1;
  if (must_claim && !line.known_empty && line.available == 0) line.available = 1;
  note(line);
}

void Broker::note(WaitingLine& line) {
  if (line.noted) return;
  line.noted = true;
  noted_.push_back(&line);
}

void Broker::on_bell(const EndpointName& name, std::size_t available) {
  const auto found = lines_.find(name);
  if (found == lines_.end()) return;
  WaitingLine& line = found->second;
  line.known_empty = false;
  line.rang = true;
  line.available = static_cast<std::uint32_t>(
      std::min<std::size_t>(line.available + std::max<std::size_t>(available, 1), UINT32_MAX));
  note(line);
}

bool Broker::run(TimePoint now) {
  now_ = now;
  if (noted_.empty()) return false;
  looking_at_.swap(noted_);
  for (WaitingLine* line : looking_at_) {
    line->noted = false;
    serve(*line);
    if (line->waiting == 0 && line->claims == 0 && !line->noted) end_line(*line->name);
  }
  looking_at_.clear();
  return true;
}

void Broker::serve(WaitingLine& line) {
  // Somebody's turn has come and nothing is known: unless the store can tell at once, it must ask
  // for itself.
  if (line.undecided > 0 && line.available == 0 && !line.known_empty) {
    if (line.claims == 0 && store_.surely_empty(*line.name)) {
      line.known_empty = true;
    } else {
      line.available = 1;
    }
  }
  for (Place* place = line.first; place != nullptr && line.claims < line.available;
       place = place->after) {
    Poll& poll = *place->poll;
    const bool may_claim =
        !poll.claiming && (poll.parked() || &poll.place(poll.next_name) == place);
    if (may_claim)
      send_claim(poll, poll.several ? static_cast<std::size_t>(place - poll.several.get()) : 0);
  }
  if (line.claims == 0 && line.undecided > 0 && line.known_empty) decide_undecided(line);
}

// Nothing is there and no claim is under way that could say otherwise: those whose turn it was go
// on to their next name. They stand at the end of the line, behind the parked ones.
void Broker::decide_undecided(WaitingLine& line) {
  for (Place* place = line.last; place != nullptr && line.undecided > 0;) {
    Place* const before = place->before;
    Poll& poll = *place->poll;
    if (!poll.claiming && !poll.parked() && &poll.place(poll.next_name) == place) found_empty(poll);
    place = before;
  }
}

void Broker::send_claim(Poll& poll, std::size_t at) {
  WaitingLine& line = *poll.place(at).line;
  poll.claiming = true;
  poll.claiming_at = static_cast<std::uint8_t>(at);
  ++line.claims;
  line.rang = false;
  const bool leased = poll.lease >= Duration::zero();
  store_.claim(
      {.endpoint = *line.name,
       .max = poll.max,
       .lease = leased ? std::optional(poll.lease) : std::nullopt,
       .waits = !draining_ && !poll.deadline.reached(now_)},
      [this, id = id_of(poll)](Expected<Claimed> result) { on_claimed(id, std::move(result)); });
}

void Broker::on_claimed(PollId id, Expected<Claimed> result) {
  Poll& poll = *find(id);  // it waits for us, even when it was cancelled
  WaitingLine& line = *poll.place(poll.claiming_at).line;
  const bool was_its_turn = !poll.parked();
  poll.claiming = false;
  --line.claims;
  note(line);
  if (!result) {
    line.available = 0;
    if (poll.cancelled) return leave(poll);
    return answer(poll, {.held = now_ - poll.arrived, .error = &result.error()});
  }
  // A bell since the claim was sent may mean messages that the store did not see when it answered.
  line.available = static_cast<std::uint32_t>(std::min<std::size_t>(result->remaining, UINT32_MAX));
  if (line.rang) line.available = std::max(line.available, 1u);
  line.known_empty = line.available == 0;

  if (!result->messages.empty()) {
    if (poll.cancelled) {
      for (auto each = result->messages.rbegin(); each != result->messages.rend(); ++each) {
        store_.give_back(*line.name, each->receipt, GiveBack{}, {});
      }
      return leave(poll);
    }
    PollResult found{
        .endpoint = line.name, .messages = result->messages, .held = now_ - poll.arrived};
    if (poll.lease >= Duration::zero()) found.lease = poll.lease;
    found.delivery = deliveries_.add(*line.name, result->messages, found.lease.has_value());
    return answer(poll, found);
  }
  if (poll.cancelled) return leave(poll);
  if (was_its_turn) return found_empty(poll);
  if (poll.deadline.reached(now_)) return answer_empty(poll);
  // While it claimed here others may have passed it by at its other names; one of them may have
  // rung.
  for (std::size_t i = 0; i < poll.names; ++i) {
    if (poll.place(i).line->available > 0) note(*poll.place(i).line);
  }
}

void Broker::found_empty(Poll& poll) {
  --poll.place(poll.next_name).line->undecided;
  ++poll.next_name;
  if (!poll.parked()) return ask_here(poll);
  if (draining_ || poll.deadline.reached(now_)) return answer_empty(poll);
  if (!poll.deadline.is_never()) timers_.schedule(poll, poll.deadline.at());
  for (std::size_t i = 0; i < poll.names; ++i) {
    if (poll.place(i).line->available > 0) note(*poll.place(i).line);
  }
}

void Broker::answer_empty(Poll& poll) {
  answer(poll, {.held = now_ - poll.arrived, .draining = draining_});
}

void Broker::answer(Poll& poll, const PollResult& result) {
  const std::uint64_t caller = poll.caller;
  leave(poll);  // only notes its lines: the name that the result shows stays until the next run
  answer_(caller, result);
}

// Takes the poll out of its lines and forgets it. A line that it leaves is noted: its departure may
// let others claim, and a line without places ends.
void Broker::leave(Poll& poll) {
  assert(!poll.claiming);
  if (!poll.parked()) --poll.place(poll.next_name).line->undecided;
  for (std::size_t i = 0; i < poll.names; ++i) {
    Place& place = poll.place(i);
    WaitingLine& line = *place.line;
    line.remove(place);
    if (line.waiting == 0 || line.available > 0) note(line);
  }
  places_ -= poll.names;
  free(poll);
}

void Broker::free(Poll& poll) {
  timers_.cancel(poll);
  poll.several.reset();
  poll.next_name = 0;
  poll.cancelled = false;
  if (++poll.serial == 0) poll.serial = 1;
  free_polls_.push_back(poll.slot);
}

Poll* Broker::find(PollId id) {
  const auto slot = static_cast<std::uint32_t>(id);
  if (slot >= polls_.size() || polls_[slot].serial != static_cast<std::uint32_t>(id >> 32))
    return nullptr;
  return &polls_[slot];
}

void Broker::cancel(PollId id) {
  Poll* const poll = find(id);
  if (poll == nullptr || poll->cancelled) return;
  timers_.cancel(*poll);
  if (poll->claiming) {
    poll->cancelled = true;
    return;
  }
  leave(*poll);
}

void Broker::received(DeliveryId id) {
  deliveries_.take(id, [this](const Delivery& delivery) {
    if (delivery.leased) return;
    store_.settle(delivery.endpoint, delivery.first);
    if (!delivery.more.empty()) store_.settle(delivery.endpoint, delivery.more, {});
  });
}

void Broker::returned(DeliveryId id, bool counted) {
  deliveries_.take(id, [this, counted](const Delivery& delivery) {
    // A leased message whose receipt has arrived belongs to the client, whatever its connection
    // does.
    if (delivery.leased && counted) return;
    const GiveBack how{.counted = counted};
    for (auto receipt = delivery.more.rbegin(); receipt != delivery.more.rend(); ++receipt) {
      store_.give_back(delivery.endpoint, *receipt, how, {});
    }
    store_.give_back(delivery.endpoint, delivery.first, how, {});
  });
}

void Broker::drain() {
  draining_ = true;
  for (Poll& poll : polls_) {
    // A poll that stands in a line and is parked; the others are answered when their claims come
    // back.
    if (poll.place(0).line != nullptr && poll.parked() && !poll.claiming)
      timers_.schedule(poll, now_);
    poll.deadline = Deadline(now_);
  }
}

void Broker::run_due(TimePoint now) {
  now_ = now;
  timers_.expire(now, [this](Timer& timer) {
    Poll& poll = static_cast<Poll&>(timer);
    if (!poll.claiming) answer_empty(poll);  // else the claim that is under way answers it
  });
}

std::size_t Broker::waiting(const EndpointName& name) const {
  const auto found = lines_.find(name);
  return found == lines_.end() ? 0 : found->second.waiting;
}

void Broker::each_line(const std::function<void(const std::string&, std::size_t)>& visit) const {
  for (const auto& [name, line] : lines_) {
    if (line.waiting > 0) visit(name.text(), line.waiting);
  }
}

}  // namespace pistachio
