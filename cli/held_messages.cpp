#include "cli/held_messages.h"

#include <algorithm>
#include <cerrno>

namespace pistachio::cli {
namespace {

constexpr std::size_t kMostAcks = 200;

// What was read waits so long for a poll to carry its receipt.
constexpr Duration kAckPatience = std::chrono::seconds(1);

// One request about a receipt.
constexpr Duration kRequestPatience = std::chrono::seconds(5);

// After a renewal that failed, until the next attempt.
constexpr Duration kQuiet = std::chrono::seconds(1);

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

Duration third(Duration lease) { return std::max(lease / 3, Duration(1)); }

// 410 means that it is no longer ours: then there is nothing left to do either.
bool is_done(const HttpAnswer& answer) {
  return (answer.status >= 200 && answer.status < 300) || answer.status == 410;
}

std::optional<std::string> problem(const Client::Answered& answered) {
  if (!answered) return answered.error().message;
  if (!is_done(*answered)) return error_text(*answered);
  return std::nullopt;
}

}  // namespace

void HeldMessages::take(const std::vector<Envelope>& messages, TimePoint now) {
  for (const Envelope& message : messages) {
    if (message.receipt.empty()) continue;
    const Duration lease = message.lease.value_or(std::chrono::seconds(30));
    open_.push_back({message.endpoint, message.receipt, lease, now});
    renewal_ = std::min(renewal_, Deadline(now + third(lease)));
  }
}

void HeldMessages::read(TimePoint now) {
  if (open_.empty()) return;
  read_.push_back(std::move(open_.front()));
  read_.back().read_at = now;
  open_.pop_front();
}

std::optional<std::string> HeldMessages::give_back(const ReleaseWish& wish, Deadline deadline) {
  if (open_.empty()) return std::nullopt;
  const Held held = std::move(open_.front());
  open_.pop_front();
  return problem(client_.give_back(held.endpoint, held.receipt, wish, deadline));
}

std::vector<std::string> HeldMessages::acks() const {
  std::vector<std::string> receipts;
  for (const Held& held : read_) {
    if (receipts.size() == kMostAcks) break;
    receipts.push_back(held.receipt);
  }
  return receipts;
}

void HeldMessages::acknowledged(std::size_t count) {
  read_.erase(read_.begin(), read_.begin() + static_cast<std::ptrdiff_t>(count));
}

std::optional<std::string> HeldMessages::settle(Deadline deadline) {
  while (!read_.empty()) {
    const Held& held = read_.front();
    if (auto why = problem(client_.settle(held.endpoint, held.receipt, deadline))) return why;
    read_.pop_front();
  }
  return std::nullopt;
}

std::optional<std::string> HeldMessages::release(Deadline deadline) {
  while (!open_.empty()) {
    const Held& held = open_.back();
    const auto answered = client_.give_back(held.endpoint, held.receipt, {}, deadline);
    if (auto why = problem(answered)) return why;
    open_.pop_back();
  }
  return std::nullopt;
}

bool HeldMessages::wait(std::span<pollfd> descriptors, Deadline until) {
  for (;;) {
    TimePoint present = now();
    if (next_duty().reached(present)) {
      do_duties(present);
      present = now();
    }
    const Deadline wake = std::min(until, next_duty());
    const auto left = std::min<Duration::rep>(wake.left(present).count(), 3'600'000);
    // `present` was rounded down: one more millisecond, or the last one would be spent in circles.
    const int patience = wake.is_never() ? -1 : static_cast<int>(left) + (left > 0 ? 1 : 0);
    const int ready = ::poll(descriptors.data(), static_cast<nfds_t>(descriptors.size()), patience);
    if (ready > 0) return true;
    if (until.reached(now())) return false;
  }
}

Deadline HeldMessages::next_duty() const {
  if (empty()) return Deadline::never();
  Deadline next = renewal_;
  if (!read_.empty()) next = std::min(next, Deadline(read_.front().read_at + kAckPatience));
  return std::max(next, Deadline(quiet_until_));
}

void HeldMessages::do_duties(TimePoint now) {
  while (!read_.empty() && read_.front().read_at + kAckPatience <= now) {
    const Held& held = read_.front();
    if (problem(client_.settle(held.endpoint, held.receipt, Deadline::in(kRequestPatience, now)))) {
      quiet_until_ = now + kQuiet;
      return;
    }
    read_.pop_front();
  }
  if (!renewal_.reached(now)) return;
  renewal_ = Deadline::never();
  if (!renew(read_, now) || !renew(open_, now)) {
    quiet_until_ = now + kQuiet;
    renewal_ = Deadline(quiet_until_);
  }
}

// A lease that is lost (410) stays in its place: whoever has the message now must still be waited
// for, and settling it does no harm.
bool HeldMessages::renew(const std::deque<Held>& messages, TimePoint now) {
  for (const Held& held : messages) {
    const auto deadline = Deadline::in(kRequestPatience, now);
    if (problem(client_.extend(held.endpoint, held.receipt, held.lease, deadline))) return false;
    renewal_ = std::min(renewal_, Deadline(now + third(held.lease)));
  }
  return true;
}

}  // namespace pistachio::cli
