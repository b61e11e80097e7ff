#pragma once

#include <optional>

#include "core/clock.h"

namespace pistachio {

/// How long a client asks the server to hold a poll. Something between the two (a proxy, a NAT, a
/// load balancer) may cut requests that get older than it likes; then this lowers itself below that
/// age, once and for all. A pure value, fed with what happened.
class PollWait {
 public:
  /// Below this age a cut says nothing about patience: whatever cut it was broken.
  static constexpr Duration kShortest = std::chrono::seconds(1);

  explicit PollWait(Duration wanted) : wait_(wanted) {}

  Duration wait() const { return wait_; }

  /// A proxy answered 504 in our server's stead when the poll was `age` old. True when that lowered
  /// the wait.
  bool timed_out_by_proxy(Duration age);

  /// The connection broke when the poll was `age` old. The first time that is an accident; two in a
  /// row at the same age (within a tenth) are a habit. True when that lowered the wait.
  bool broke(Duration age);

  /// A poll was answered by our server.
  void answered() { last_break_.reset(); }

 private:
  bool lower_below(Duration age);

  Duration wait_;
  std::optional<Duration> last_break_;
};

}  // namespace pistachio
