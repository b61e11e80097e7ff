#include "core/store/redis_node.h"

#include <cassert>
#include <utility>

namespace pistachio {
namespace {

// Redis answers a command within milliseconds; one that is silent for so long is not there.
constexpr Duration kPatience = std::chrono::seconds(5);

// How often Redis is asked for its time: two clocks run apart by a few parts in 100,000.
constexpr Duration kAskTimeEvery = std::chrono::seconds(30);

constexpr Duration kLastWords = std::chrono::seconds(1);

constexpr Duration kRetryAfter = std::chrono::seconds(1);

// Room that is kept for what comes next; ten thousand claims at once are some megabytes.
constexpr std::size_t kMostKept = 256u << 10;

// Answered calls that are kept, at the most, so that not every answer moves what is behind it.
constexpr std::size_t kMostAnswered = 64u << 10;

// What the next command reads is not to be noted.
const RedisCommand& unheard() {
  static const RedisCommand kUnheard{"CLIENT", "CACHING", "NO"};
  return kUnheard;
}

}  // namespace

RedisNode::RedisNode(uv_loop_s* loop, Options options, Callbacks callbacks)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      ahead_(options_.clock_ahead.value_or(Duration::zero())),
      random_(std::random_device{}()),
      name_("pistachio-" + std::to_string(random_()) + "-" + std::to_string(random_())),
      command_(loop, options_.address,
               {.connected = [this] { greet(); },
                .answered = [this](RedisReply reply) { inbox_.push_back(std::move(reply)); },
                .lost = [this](const std::string& why) { lost_why_ = why; }}),
      bell_(loop, options_.address,
            {.connected = [this] { greet_bell(); },
             .answered = [this](RedisReply reply) { bells_.push_back(std::move(reply)); },
             .lost = [this](const std::string& why) { lost_why_ = why; }}) {}

RedisNode::~RedisNode() {
  if (!is_ready()) return;
  leave_at_ = Deadline(TimePoint::min());
  flush();
  // Closing with answers unread resets the connection, and Redis may not have read all of it then.
  if (waiting_.size() > inbox_.size()) {
    command_.wait_for(waiting_.size() - inbox_.size(), kLastWords);
  }
}

void RedisNode::send(const RedisCommand& command, Then then, Haste haste) {
  assert(is_ready());
  const Deadline at_most(haste == Haste::none ? now_ + options_.linger : TimePoint::min());
  leave_at_ = outgoing_.empty() ? at_most : std::min(leave_at_, at_most);
  const std::optional<RedisScript> script = command.script();
  if (tracking_ && script && *script != RedisScript::claim) {
    unheard().write_to(outgoing_);
    waiting_.push_back({.then = {}, .script = std::nullopt, .sent_at = now_});
  }
  const std::size_t before = outgoing_.size();
  command.write_to(outgoing_);
  Waiting& waiting = waiting_.emplace_back();
  waiting.then = std::move(then);
  waiting.script = script;
  waiting.sent_at = now_;
  if (!script) return;
  waiting.call_length = outgoing_.size() - before;
  calls_.append(outgoing_, before);
}

// The oldest call has been answered.
void RedisNode::forget_call(std::size_t length) {
  calls_answered_ += length;
  if (calls_answered_ == calls_.size()) {
    if (calls_.capacity() > kMostKept) calls_ = {};
    calls_.clear();
  } else if (calls_answered_ < kMostAnswered || 2 * calls_answered_ < calls_.size()) {
    return;
  } else {
    calls_.erase(0, calls_answered_);
  }
  calls_answered_ = 0;
}

void RedisNode::flush() {
  if (outgoing_.empty() || !leave_at_.reached(now_)) return;
  command_.write(outgoing_);
  if (outgoing_.capacity() > kMostKept) outgoing_ = {};
  outgoing_.clear();
}

Deadline RedisNode::next_wish() const {
  if (!lost_why_.empty() || !inbox_.empty() || !bells_.empty()) return Deadline(TimePoint::min());
  if (state_ != State::ready) return act_at_;
  const Deadline patience =
      waiting_.empty() ? Deadline::never() : Deadline::in(kPatience, waiting_.front().sent_at);
  return std::min({patience, ask_time_at_, outgoing_.empty() ? Deadline::never() : leave_at_});
}

bool RedisNode::run(TimePoint now) {
  now_ = now;
  bool worked = !bells_.empty() || !inbox_.empty() || !lost_why_.empty();
  while (!bells_.empty()) {
    const RedisReply reply = std::move(bells_.front());
    bells_.pop_front();
    state_ == State::greeting_bell ? on_greeting(reply.value()) : on_bell(reply.value());
  }
  while (!inbox_.empty()) {
    const RedisReply reply = std::move(inbox_.front());
    inbox_.pop_front();
    state_ == State::greeting ? on_greeting(reply.value()) : on_answer(reply.value());
  }
  if (lost_why_.empty() && is_ready() && !waiting_.empty() &&
      Deadline::in(kPatience, waiting_.front().sent_at).reached(now)) {
    lost_why_ = "it has not answered for 5 seconds";
  }
  if (!is_ready() && lost_why_.empty() && act_at_.reached(now)) {
    if (state_ == State::down) {
      start();
    } else {
      lost_why_ = "it did not answer within 5 seconds";
    }
    worked = true;
  }
  if (!lost_why_.empty()) {
    lose();
    return true;
  }
  if (is_ready() && ask_time_at_.reached(now)) ask_time();
  return worked;
}

void RedisNode::ask_time() {
  ask_time_at_ = Deadline::in(kAskTimeEvery, now_);
  send({"TIME"}, [this](const RedisValue* time) {
    if (time == nullptr || time->size() != 2) return;
    // As of now, which is later: so our idea of Redis' time is never ahead of it, and no lease ends
    // early.
    const Duration at((*time)[0].integer() * 1000 + (*time)[1].integer() / 1000);
    ahead_ = at - now_.time_since_epoch();
  });
}

void RedisNode::on_bell(const RedisValue& value) {
  if (value[0].text() != "message") return;
  const RedisValue keys = value[2];
  if (keys.size() == 0) return callbacks_.on_all();  // FLUSHALL, or its table overflowed
  for (std::size_t i = 0; i < keys.size(); ++i) callbacks_.on_key(keys[i].text());
}

void RedisNode::on_answer(const RedisValue& value) {
  if (waiting_.empty()) return;
  Waiting waiting = std::move(waiting_.front());
  waiting_.pop_front();
  if (value.is_error()) {
    if (waiting.script && value.text().starts_with("NOSCRIPT")) {
      const auto& source = redis_scripts()[static_cast<std::size_t>(*waiting.script)].source;
      send({"SCRIPT", "LOAD", source}, {});
      const std::string again = calls_.substr(calls_answered_, waiting.call_length);
      forget_call(waiting.call_length);
      outgoing_ += again;  // at once, as SCRIPT LOAD
      calls_ += again;
      waiting.sent_at = now_;
      waiting_.push_back(std::move(waiting));
      return;
    }
    // A master that has become a replica: another connection may lead to the new one. One that is
    // busy or loads its data: better to wait until it is asked for nothing but whether it is back.
    RedisTrouble trouble = RedisTrouble::of(value.text());
    if (trouble.is_away) lost_why_ = std::move(trouble.what);
  }
  if (waiting.script) forget_call(waiting.call_length);
  if (waiting.then) waiting.then(&value);
}

void RedisNode::lose() {
  const bool was_ready = is_ready();
  if (!refused_) asks_for_patience_ = false;
  command_.close();
  bell_.close();
  state_ = State::down;
  greetings_.clear();
  inbox_.clear();
  bells_.clear();
  outgoing_.clear();
  calls_.clear();
  calls_answered_ = 0;
  ask_time_at_ = Deadline::never();
  const std::string why = std::exchange(lost_why_, {});
  const bool told = !was_ready_once_ || (!was_ready && trouble_.has_value());
  trouble_ = Error{std::exchange(lost_code_, Errc::unavailable),
                   "cannot use " + options_.address.shown() + ": " + why, kRetryAfter};
  if (!told) {
    report(Severity::error,
           trouble_->message + "; polls wait and pushes are refused until that works");
  }
  ++failures_;
  const double random = std::generate_canonical<double, 32>(random_);
  act_at_ = Deadline::in(backoff_.delay(failures_, random), now_);
  std::deque<Waiting> unanswered;
  unanswered.swap(waiting_);
  for (const Waiting& each : unanswered) {
    if (each.then) each.then(nullptr);
  }
}

void RedisNode::report(Severity severity, const std::string& what) const {
  if (callbacks_.report) callbacks_.report(severity, what);
}

}  // namespace pistachio
