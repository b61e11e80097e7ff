#include "bench/load/waker.h"

namespace pistachio::bench {
namespace {

constexpr double kGiveUpSeconds = 20;
constexpr Nanoseconds kParkedAtLeast = 100 * kMillisecond;
constexpr Nanoseconds kLate = kMillisecond;
constexpr int kMaxAttempts = 200;

}  // namespace

Waker::Waker(const Options& options, Traffic& traffic, const Window& window)
    : options_(options), traffic_(traffic), window_(window), random_(std::random_device()()) {}

void Waker::run() {
  if (options_.wakes == 0) return;
  const Nanoseconds start = now();
  const double interval = static_cast<double>(kSecond) / options_.wakes_per_second;
  const Nanoseconds end = in_seconds(options_.wakes / options_.wakes_per_second + kGiveUpSeconds);
  while (sent_ < options_.wakes && now() < end) {
    const Nanoseconds due = start + static_cast<Nanoseconds>(sent_ * interval);
    if (now() >= due) wake(due);
    traffic_.turn(0);
  }
}

void Waker::wake(Nanoseconds due) {
  Connection* const publisher = traffic_.take_free_publisher();
  if (publisher == nullptr) return;
  const Connection* const target = choose();
  if (target == nullptr) {
    traffic_.put_back(*publisher);
    return;
  }
  if (now() - due > kLate) ++late_;
  traffic_.push(*publisher, target->endpoint);
  traffic_.send_now();
  ++sent_;
}

/// A poll that has waited for a while and that no message is on its way to; nullptr when chance
/// finds none.
const Connection* Waker::choose() {
  const std::vector<Connection>& pollers = traffic_.pollers();
  std::uniform_int_distribution<std::size_t> any(0, pollers.size() - 1);
  const Nanoseconds at = now();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const Connection& poller = pollers[any(random_)];
    const bool waits = poller.state == Connection::State::busy;
    const bool awaited = window_.under_way(poller.endpoint) > 0;
    if (waits && !awaited && at - poller.polled_at > kParkedAtLeast) return &poller;
  }
  return nullptr;
}

}  // namespace pistachio::bench
