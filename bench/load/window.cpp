#include "bench/load/window.h"

#include <algorithm>

namespace pistachio::bench {

Window::Window(int endpoints, int limit)
    : limit_(limit), endpoints_(static_cast<std::size_t>(endpoints)) {}

void Window::open() {
  open_ = true;
  for (int i = 0; i < static_cast<int>(endpoints_.size()); ++i) offer(i);
}

std::optional<int> Window::take() {
  while (open_ && !ready_.empty()) {
    const int endpoint = ready_.front();
    ready_.pop_front();
    Endpoint& taken = endpoints_[static_cast<std::size_t>(endpoint)];
    taken.offered = false;
    if (taken.count < limit_) return endpoint;
  }
  return std::nullopt;
}

void Window::sent(int endpoint, int count, Nanoseconds at) {
  Endpoint& to = endpoints_[static_cast<std::size_t>(endpoint)];
  to.count += count;
  to.moved_at = at;
  offer(endpoint);
}

void Window::arrived(int endpoint, Nanoseconds at) {
  endpoints_[static_cast<std::size_t>(endpoint)].moved_at = at;
  take_back(endpoint, 1);
}

void Window::refused(int endpoint, int count) { take_back(endpoint, count); }

void Window::take_back(int endpoint, int count) {
  // After reclaim() a late arrival finds nothing to take back.
  int& under_way = endpoints_[static_cast<std::size_t>(endpoint)].count;
  under_way = std::max(0, under_way - count);
  offer(endpoint);
}

void Window::offer(int endpoint) {
  Endpoint& to = endpoints_[static_cast<std::size_t>(endpoint)];
  if (!open_ || to.offered || to.count >= limit_) return;
  to.offered = true;
  ready_.push_back(endpoint);
}

void Window::reclaim(Nanoseconds silence, Nanoseconds at) {
  if (!open_ || silence == 0 || at - looked_at_ < 50 * kMillisecond) return;
  looked_at_ = at;
  for (int i = 0; i < static_cast<int>(endpoints_.size()); ++i) {
    Endpoint& endpoint = endpoints_[static_cast<std::size_t>(i)];
    if (endpoint.count < limit_ || at - endpoint.moved_at <= silence) continue;
    reclaimed_ += static_cast<std::uint64_t>(endpoint.count);
    endpoint.count = 0;
    offer(i);
  }
}

}  // namespace pistachio::bench
