#include "cli/listener.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/exit_status.h"
#include "cli/units.h"

namespace pistachio::cli {
namespace {

// A poll may take as long as it waits, and this for everything else. The gem of 2010 waits 30 s
// whatever it is asked for, and hanging up on it while it has a message would lose that.
constexpr Duration kSlack = std::chrono::seconds(15);
constexpr Duration kGemWait = std::chrono::seconds(30);

// For settling and releasing what is held in the end, and for one give-back.
constexpr Duration kWrapUp = std::chrono::seconds(5);

// Waits that are shorter than this are not worth another poll.
constexpr Duration kNoWait(20);

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

}  // namespace

std::size_t Allowance::take(std::size_t wanted) {
  if (endless_) return wanted;
  std::uint64_t left = left_;
  std::uint64_t taken = 0;
  do {
    taken = std::min<std::uint64_t>(left, wanted);
  } while (!left_.compare_exchange_weak(left, left - taken));
  return static_cast<std::size_t>(taken);
}

void Allowance::put_back(std::size_t unused) {
  if (!endless_) left_ += unused;
}

Listener::Listener(ListenerOptions options, Client& client, Recipient& recipient,
                   Allowance& allowance, const Latch& stop, Trouble& trouble)
    : options_(std::move(options)),
      client_(client),
      recipient_(recipient),
      allowance_(allowance),
      stop_(stop),
      trouble_(trouble),
      held_(client),
      wait_(options_.wait) {}

int Listener::run() {
  empty_at_ = Deadline::in(options_.wait, now());
  Verdict verdict;
  while (!verdict && !stop_.is_set() && !recipient_.gone()) verdict = cycle();
  return wrap_up(verdict.value_or(kDone));
}

Listener::Verdict Listener::cycle() {
  const std::size_t max = allowance_.take(leases_ ? options_.batch : 1);
  if (max == 0) return kDone;
  const PollWish wish = next_wish(max);
  sent_ = wish.ack.size();
  const TimePoint begun = now();
  const auto deadline = Deadline::in(std::max(wish.wait, kGemWait) + kSlack, begun);
  auto answered = client_.poll(wish, deadline);
  age_ = now() - begun;
  if (!answered) {
    allowance_.put_back(max);
    return on_failure(answered.error(), age_);
  }
  auto answer = read_poll_answer(std::move(*answered), wish);
  const auto* polled = std::get_if<PolledMessages>(&answer);
  const std::size_t came = polled == nullptr ? 0 : polled->messages.size();
  allowance_.put_back(max - std::min(max, came));
  return std::visit([this](auto& kind) { return on(kind); }, answer);
}

PollWish Listener::next_wish(std::size_t max) const {
  PollWish wish{.endpoints = options_.endpoints, .wait = wait_.wait(), .max = max};
  if (options_.until_empty) wish.wait = std::min(wish.wait, empty_at_.left(now()));
  if (leases_) {
    wish.lease = options_.lease;
    wish.ack = held_.acks();
  }
  return wish;
}

Listener::Verdict Listener::on_failure(const ExchangeFailure& failure, Duration age) {
  switch (failure.kind) {
    case ExchangeFailure::Kind::stopped:
      return std::nullopt;  // the loop looks at the latch
    case ExchangeFailure::Kind::broken:
    case ExchangeFailure::Kind::late:
      if (wait_.broke(age)) say_lowered();
      break;
    case ExchangeFailure::Kind::unreachable:
      break;
  }
  return back_off(failure.message, std::nullopt);
}

Listener::Verdict Listener::on(PolledMessages& polled) {
  const TimePoint came = now();
  trouble_.over(came);
  wait_.answered();
  held_.acknowledged(sent_);
  if (polled.messages.empty()) return back_off("the server sent an empty list", std::nullopt);
  leases_ = leases_ && !polled.messages.front().receipt.empty();
  held_.take(polled.messages, came);
  for (const Envelope& message : polled.messages) {
    if (const Verdict verdict = hand(message)) return verdict;
    if (stop_.is_set() || recipient_.gone()) break;
  }
  empty_at_ = Deadline::in(options_.wait, now());
  return std::nullopt;
}

Listener::Verdict Listener::on(const PollEmpty& empty) {
  trouble_.over(now());
  wait_.answered();
  held_.acknowledged(sent_);
  if (empty.retry_after) {
    pause(*empty.retry_after);
  } else if (options_.until_empty && empty_at_.left(now()) < kNoWait) {
    return kNothingCame;
  }
  return std::nullopt;
}

Listener::Verdict Listener::on(const PollCut&) {
  if (!wait_.timed_out_by_proxy(age_)) {
    return back_off("something between here and the server answered 504", std::nullopt);
  }
  say_lowered();
  pause(trouble_.pause(now()));
  return std::nullopt;
}

Listener::Verdict Listener::on(const PollWithoutLeases&) {
  leases_ = false;
  return std::nullopt;
}

Listener::Verdict Listener::on(const PollRefused& refused) {
  trouble_.say(refused.message);
  return kFailed;
}

Listener::Verdict Listener::on(const PollTrouble& trouble) {
  return back_off(trouble.message, trouble.retry_after);
}

Listener::Verdict Listener::hand(const Envelope& message) {
  const bool leased = !message.receipt.empty();
  const Handed handed = recipient_.hand(message, held_);
  if (!handed.why.empty()) trouble_.say(handed.why);
  if (handed.fate == Handed::Fate::read) {
    ++handed_;
    if (leased) held_.read(now());
    return handed.end;
  }
  if (!leased) {
    trouble_.say("a message is lost: the server knows no leases and cannot take it back");
    return handed.end;
  }
  if (handed.fate == Handed::Fate::refused) return handed.end;  // wrap_up() releases it
  ++handed_;
  ReleaseWish wish{.how = ReleaseWish::How::dead};
  if (handed.fate == Handed::Fate::failed) wish = {ReleaseWish::How::retry, handed.hidden};
  if (const auto why = held_.give_back(wish, Deadline::in(kWrapUp, now()))) {
    trouble_.say("a message could not be given back and returns when its lease ends: " + *why);
  }
  return handed.end;
}

Listener::Verdict Listener::back_off(const std::string& what, std::optional<Duration> retry_after) {
  const auto span = trouble_.failed(what, retry_after, now());
  if (!span) return kUnreachable;
  pause(*span);
  return std::nullopt;
}

void Listener::pause(Duration span) {
  std::array<pollfd, 1> events = {{{stop_.descriptor(), POLLIN, 0}}};
  held_.wait(events, Deadline::in(span, now()));
}

void Listener::say_lowered() {
  trouble_.say("something on the way ends polls after " + describe(age_) + "; waiting " +
               describe(wait_.wait()) + " at a time from now on");
}

int Listener::wrap_up(int status) {
  const auto deadline = Deadline::in(kWrapUp, now());
  if (const auto why = held_.settle(deadline)) {
    trouble_.say("what was read last could not be settled and will come again: " + *why);
    if (status == kDone) status = kUnreachable;
  }
  if (const auto why = held_.release(deadline)) {
    trouble_.say("what was not read could not be given back and returns when its lease ends: " +
                 *why);
    if (status == kDone) status = kUnreachable;
  }
  return status;
}

}  // namespace pistachio::cli
