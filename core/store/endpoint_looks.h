#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/timer_wheel.h"

namespace pistachio {

/// What a server knows of the endpoints of a store that others change, too: at which of them
/// somebody may wait, when to look after which, and which are *asleep*: empty, and the store will
/// ring when they are so no more.
///
/// Those at which somebody may wait are looked after now and then, whatever was heard of them, and
/// those at which something comes due when it does. Thousands begin to wait within a second; so
/// each has its own moment within the period, and no turn has many to look after.
class EndpointLooks {
 public:
  /// How often an endpoint is looked after at which somebody may wait. It bounds how late the
  /// leases and delays of a server that died are noticed, and a bell that did not ring.
  static constexpr Duration kEvery = std::chrono::seconds(10);
  /// How soon the first time is.
  static constexpr Duration kSoon = std::chrono::seconds(2);
  /// Looks that are not due at a certain moment begin together this often: a few travel in one
  /// write, and few enough that a bell does not wait for them.
  static constexpr Duration kTogether{20};

  /// `longest_wait`: nobody waits longer for an endpoint without claiming from it again.
  explicit EndpointLooks(Duration longest_wait) : longest_wait_(longest_wait) {}

  /// What is known of an endpoint.
  enum class Known : std::uint8_t {
    nothing,  ///< nobody has looked whether anything is due there
    little,
    asleep,  ///< it is empty, and the store will ring
  };

  /// Somebody claims from it, and may wait. Says what was known of it.
  Known claimed(const EndpointName& endpoint, TimePoint now);
  /// Nobody waits there any more.
  void left(const EndpointName& endpoint);
  /// Something is due there at `when`, or earlier.
  void due(const EndpointName& endpoint, TimePoint when);

  bool is_waited_for(const EndpointName& endpoint) const;
  void each_waited_for(const std::function<void(const EndpointName&)>& visit) const;
  bool empty() const { return endpoints_.empty(); }

  /// The store is asked what is in it: a number for found_empty(). Of an endpoint that is known.
  std::uint32_t asked(const EndpointName& endpoint);
  /// The answer was: nothing, and the store will ring. It counts when nothing has stirred there
  /// since it was asked, and no later question is under way.
  void found_empty(const EndpointName& endpoint, std::uint32_t asked);
  /// The store has rung, or we have done something that it will not ring for.
  void stirred(const EndpointName& endpoint);
  void all_stirred();

  Deadline next(TimePoint now) { return timers_.next(now); }
  /// Calls `look` for those whose time has come, for `most` at the most; the others come within the
  /// next milliseconds. It must not call back.
  void each_due(TimePoint now, std::size_t most,
                const std::function<void(const EndpointName&)>& look);

 private:
  // There is one for each endpoint with a waiting poll: every byte counts.
  struct Look : Timer {
    const EndpointName* endpoint = nullptr;  // the key of the table that holds this
    Deadline waited_until = Deadline(TimePoint::min());
    std::uint32_t questions = 0;  // asked so far, and all that has stirred
    Known known = Known::nothing;
  };

  Look& look_of(const EndpointName& endpoint);
  void look_at(Look& look, TimePoint at);

  const Duration longest_wait_;
  TimerWheel timers_{TimePoint()};
  std::unordered_map<EndpointName, Look, EndpointNameHash, std::equal_to<>> endpoints_;
};

}  // namespace pistachio
