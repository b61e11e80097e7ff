#include "cli/pusher.h"

#include <ostream>
#include <thread>
#include <utility>

#include "cli/exit_status.h"
#include "cli/units.h"
#include "core/backoff.h"

namespace pistachio::cli {
namespace {

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

// 128 random bits. Not a secret: two pushes must not come up with the same.
std::string make_key(std::random_device& random) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string key;
  for (int word = 0; word < 4; ++word) {
    auto bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4) key += kHex[bits & 15];
  }
  return key;
}

}  // namespace

Pusher::Pusher(Attempt attempt, Duration retry_for, const Surroundings& surroundings)
    : attempt_(std::move(attempt)),
      retry_for_(retry_for),
      surroundings_(surroundings),
      jitter_(entropy_()) {}

tl::expected<Accepted, int> Pusher::push(PushWish& wish, const std::string& whose) {
  if (wish.key.empty()) wish.key = make_key(entropy_);
  const Backoff backoff;
  const auto give_up = Deadline::in(retry_for_, now());
  for (unsigned failures = 1;; ++failures) {
    const auto answer = attempt_(wish);
    if (const auto* accepted = std::get_if<Accepted>(&answer)) return *accepted;
    if (const auto* refused = std::get_if<PushRefused>(&answer)) {
      say(whose + refused->message);
      return tl::make_unexpected(kFailed);
    }
    const auto& trouble = std::get<PushTrouble>(answer);
    const double random = std::generate_canonical<double, 32>(jitter_);
    const Duration pause = trouble.retry_after.value_or(backoff.delay(failures, random));
    if (pause >= give_up.left(now())) {
      const std::string attempts =
          failures > 1 ? "; gave up after " + std::to_string(failures) + " attempts" : "";
      say(whose + trouble.message + attempts);
      return tl::make_unexpected(trouble.unreachable ? kUnreachable : kFailed);
    }
    if (failures == 1) {
      say(whose + trouble.message + "; trying again for " + describe(retry_for_));
    }
    std::this_thread::sleep_for(pause);
  }
}

void Pusher::say(const std::string& line) {
  surroundings_.err << "pistachio push: " << line << std::endl;
}

}  // namespace pistachio::cli
