#pragma once

#include <functional>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/clock.h"
#include "core/endpoint_name.h"

namespace pistachio {

/// When to look after which endpoint of a store that others change, too: those at which somebody
/// may wait, now and then and whatever was heard of them, and those of which we know that something
/// comes due.
class EndpointLooks {
 public:
  /// How often an endpoint is looked after at which somebody may wait. It bounds how late the
  /// leases and delays of a server that died are noticed, and a bell that did not ring.
  static constexpr Duration kEvery = std::chrono::seconds(7);

  /// `longest_wait`: nobody waits longer for an endpoint without claiming from it again.
  explicit EndpointLooks(Duration longest_wait) : longest_wait_(longest_wait) {}

  /// Somebody claims from it, and may wait.
  void claimed(const EndpointName& endpoint, TimePoint now);
  /// Something is due there at `when`, or earlier.
  void due(const EndpointName& endpoint, TimePoint when);

  bool is_waited_for(const EndpointName& endpoint) const;
  void each_waited_for(const std::function<void(const EndpointName&)>& visit) const;
  bool empty() const { return endpoints_.empty(); }

  Deadline next() const;
  /// Calls `look` for those whose time has come, `most` at the most; it must not call back.
  void each_due(TimePoint now, std::size_t most,
                const std::function<void(const EndpointName&)>& look);

 private:
  struct Look {
    TimePoint at = TimePoint::max();  // under which it stands in order_
    Deadline waited_until = Deadline(TimePoint::min());
  };
  using Endpoints = std::unordered_map<EndpointName, Look, EndpointNameHash, std::equal_to<>>;

  void move(Endpoints::value_type& endpoint, TimePoint at);

  const Duration longest_wait_;
  Endpoints endpoints_;
  std::set<std::pair<TimePoint, Endpoints::value_type*>> order_;
};

}  // namespace pistachio
