#include "core/store/endpoint_looks.h"

#include <algorithm>

namespace pistachio {
namespace {

// From the end of the longest poll to the next one of a client that stays.
constexpr Duration kGrace = std::chrono::minutes(1);

// A moment of its own: not the same for all that begin to wait at the same time.
TimePoint soon(const EndpointName& endpoint, TimePoint now) {
  constexpr auto kMoments = EndpointLooks::kSoon / EndpointLooks::kTogether;
  const auto moment = static_cast<std::int64_t>(endpoint.hash() % std::size_t{kMoments});
  return now + moment * EndpointLooks::kTogether;
}

// Not before `at`, with others.
TimePoint together(TimePoint at) {
  constexpr std::int64_t kStep = EndpointLooks::kTogether.count();
  const std::int64_t ms = at.time_since_epoch().count();
  return TimePoint(Duration((ms + kStep - 1) / kStep * kStep));
}

}  // namespace

EndpointLooks::Look& EndpointLooks::look_of(const EndpointName& endpoint) {
  const auto found = endpoints_.try_emplace(endpoint).first;
  found->second.endpoint = &found->first;
  return found->second;
}

void EndpointLooks::look_at(Look& look, TimePoint at) {
  if (!look.scheduled() || look.at() > at) timers_.schedule(look, at);
}

EndpointLooks::Known EndpointLooks::claimed(const EndpointName& endpoint, TimePoint now) {
  Look& look = look_of(endpoint);
  const Known known = look.known;
  look.waited_until = Deadline::in(longest_wait_ + kGrace, now);
  look_at(look, together(known == Known::nothing ? soon(endpoint, now) : now + kEvery));
  if (known == Known::nothing) look.known = Known::little;
  return known;
}

// It stays until its time comes, so that an endpoint that is polled again and again costs nothing.
void EndpointLooks::left(const EndpointName& endpoint) {
  const auto found = endpoints_.find(endpoint);
  if (found != endpoints_.end()) found->second.waited_until = Deadline(TimePoint::min());
}

void EndpointLooks::due(const EndpointName& endpoint, TimePoint when) {
  look_at(look_of(endpoint), when);
}

bool EndpointLooks::is_waited_for(const EndpointName& endpoint) const {
  const auto found = endpoints_.find(endpoint);
  return found != endpoints_.end() && found->second.waited_until > Deadline(TimePoint::min());
}

void EndpointLooks::each_waited_for(const std::function<void(const EndpointName&)>& visit) const {
  for (const auto& [endpoint, look] : endpoints_) {
    if (look.waited_until > Deadline(TimePoint::min())) visit(endpoint);
  }
}

std::uint32_t EndpointLooks::asked(const EndpointName& endpoint) {
  const auto found = endpoints_.find(endpoint);
  if (found == endpoints_.end()) return 0;
  found->second.known = Known::little;
  return ++found->second.questions;
}

void EndpointLooks::found_empty(const EndpointName& endpoint, std::uint32_t asked) {
  const auto found = endpoints_.find(endpoint);
  if (found == endpoints_.end() || found->second.questions != asked) return;
  found->second.known = Known::asleep;
}

void EndpointLooks::stirred(const EndpointName& endpoint) {
  const auto found = endpoints_.find(endpoint);
  if (found == endpoints_.end()) return;
  if (found->second.known == Known::asleep) found->second.known = Known::little;
  ++found->second.questions;
}

void EndpointLooks::all_stirred() {
  for (auto& [endpoint, look] : endpoints_) {
    if (look.known == Known::asleep) look.known = Known::little;
    ++look.questions;
  }
}

void EndpointLooks::each_due(TimePoint now, std::size_t most,
                             const std::function<void(const EndpointName&)>& look) {
  std::size_t looked = 0;
  timers_.expire(now, [&](Timer& timer) {
    Look& due = static_cast<Look&>(timer);
    if (++looked > most) {
      return timers_.schedule(due, now + Duration(static_cast<std::int64_t>(looked / most)));
    }
    look(*due.endpoint);
    if (due.waited_until.reached(now)) {
      endpoints_.erase(endpoints_.find(*due.endpoint));
    } else {
      timers_.schedule(due, together(now + kEvery));
    }
  });
}

}  // namespace pistachio
