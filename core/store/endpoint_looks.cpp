#include "core/store/endpoint_looks.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace pistachio {
namespace {

// From the end of the longest poll to the next one of a client that stays.
constexpr Duration kGrace = std::chrono::minutes(1);

}  // namespace

void EndpointLooks::move(Endpoints::value_type& endpoint, TimePoint at) {
  order_.erase({endpoint.second.at, &endpoint});
  endpoint.second.at = at;
  order_.emplace(at, &endpoint);
}

void EndpointLooks::claimed(const EndpointName& endpoint, TimePoint now) {
  auto& known = *endpoints_.try_emplace(endpoint).first;
  known.second.waited_until = Deadline::in(longest_wait_ + kGrace, now);
  if (known.second.at > now + kEvery) move(known, now + kEvery);
}

void EndpointLooks::due(const EndpointName& endpoint, TimePoint when) {
  auto& known = *endpoints_.try_emplace(endpoint).first;
  if (when < known.second.at) move(known, when);
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

Deadline EndpointLooks::next() const {
  return order_.empty() ? Deadline::never() : Deadline(order_.begin()->first);
}

void EndpointLooks::each_due(TimePoint now, std::size_t most,
                             const std::function<void(const EndpointName&)>& look) {
  for (; most > 0 && !order_.empty() && order_.begin()->first <= now; --most) {
    Endpoints::value_type& endpoint = *order_.begin()->second;
    look(endpoint.first);
    if (endpoint.second.waited_until.reached(now)) {
      order_.erase(order_.begin());
      endpoints_.erase(endpoints_.find(endpoint.first));
    } else {
      move(endpoint, now + kEvery);
    }
  }
}

}  // namespace pistachio
