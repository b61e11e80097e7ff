#pragma once

#include <functional>
#include <random>
#include <string>
#include <tl/expected.hpp>

#include "cli/surroundings.h"
#include "core/client.h"
#include "core/push_answer.h"

namespace pistachio::cli {

/// Pushes bodies, each until the server has it, will not take it, or the time for retries is over.
/// Retries go under one idempotency key, so that they never double a message.
class Pusher {
 public:
  /// Sends it once, and says what came of it.
  using Attempt = std::function<PushAnswer(const PushWish&)>;

  /// `surroundings` must outlive the pusher. `retry_for` is for each body anew.
  Pusher(Attempt attempt, Duration retry_for, const Surroundings& surroundings);

  /// Gives `wish` a key of its own if it has none. An error is the exit status; why has been said
  /// then, with `whose` (empty, or "lines 1 to 1000: ") before it.
  tl::expected<Accepted, int> push(PushWish& wish, const std::string& whose = "");

  /// One line for people.
  void say(const std::string& line);

 private:
  const Attempt attempt_;
  const Duration retry_for_;
  const Surroundings& surroundings_;
  std::random_device entropy_;
  std::minstd_rand jitter_;
};

}  // namespace pistachio::cli
