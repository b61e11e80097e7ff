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

}  // namespace

RedisNode::RedisNode(uv_loop_s* loop, Options options, Callbacks callbacks)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      ahead_(options_.clock_ahead.value_or(Duration::zero())),
      random_(std::random_device{}()),
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
  flush();
  // Closing with answers unread resets the connection, and Redis may not have read all of it then.
  if (waiting_.size() > inbox_.size()) {
    command_.wait_for(waiting_.size() - inbox_.size(), kLastWords);
  }
}

void RedisNode::send(const RedisCommand& command, Then then) {
  assert(is_ready());
  Waiting waiting{
      .then = std::move(then), .bytes = {}, .script = command.script(), .sent_at = now_};
  if (waiting.script) {
    command.write_to(waiting.bytes);
    outgoing_ += waiting.bytes;
  } else {
    command.write_to(outgoing_);
  }
  waiting_.push_back(std::move(waiting));
}

void RedisNode::flush() {
  if (!outgoing_.empty()) command_.write(std::exchange(outgoing_, {}));
}

Deadline RedisNode::next_wish() const {
  if (!lost_why_.empty() || !inbox_.empty() || !bells_.empty() || !outgoing_.empty()) {
    return Deadline(TimePoint::min());
  }
  if (state_ != State::ready) return act_at_;
  const Deadline patience =
      waiting_.empty() ? Deadline::never() : Deadline::in(kPatience, waiting_.front().sent_at);
  return std::min(patience, ask_time_at_);
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
      outgoing_ += waiting.bytes;
      waiting.sent_at = now_;
      waiting_.push_back(std::move(waiting));
      return;
    }
    const RedisTrouble trouble = RedisTrouble::of(value.text());
    // The master has become a replica: another connection may lead to the new one.
    if (trouble.is_replica) lost_why_ = trouble.what;
  }
  if (waiting.then) waiting.then(&value);
}

void RedisNode::lose() {
  const bool was_ready = is_ready();
  command_.close();
  bell_.close();
  state_ = State::down;
  greetings_.clear();
  inbox_.clear();
  bells_.clear();
  outgoing_.clear();
  ask_time_at_ = Deadline::never();
  const std::string why = std::exchange(lost_why_, {});
  const bool told = !was_ready_once_ || (!was_ready && trouble_.has_value());
  trouble_ = Error{std::exchange(lost_code_, Errc::unavailable),
                   "cannot use " + options_.address.shown() + ": " + why, kRetryAfter};
  if (!told) report(trouble_->message + "; polls wait and pushes are refused until that works");
  ++failures_;
  const double random = std::generate_canonical<double, 32>(random_);
  act_at_ = Deadline::in(backoff_.delay(failures_, random), now_);
  std::deque<Waiting> unanswered;
  unanswered.swap(waiting_);
  for (const Waiting& each : unanswered) {
    if (each.then) each.then(nullptr);
  }
}

void RedisNode::report(const std::string& what) const {
  if (callbacks_.report) callbacks_.report(what);
}

}  // namespace pistachio
