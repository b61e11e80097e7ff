#include "core/store/redis_rounds.h"

#include <utility>

namespace pistachio {
namespace {

// How long the key that says who goes round outlives its server.
constexpr int kTermInPeriods = 3;

}  // namespace

void RedisRounds::restart(TimePoint now) {
  cursor_.clear();
  next_ = options_.every > Duration::zero() ? Deadline::in(options_.every, now) : Deadline::never();
}

void RedisRounds::run(TimePoint now) {
  now_ = now;
  next_ = Deadline::never();  // until the answer
  cursor_.empty() ? begin() : scan();
}

void RedisRounds::begin() {
  const std::string key = keys_.of_rounds();
  const std::string term = std::to_string(options_.every.count() * kTermInPeriods);
  node_.send({"SET", key, options_.server, "NX", "PX", term}, {});
  node_.send({"GET", key}, [this, key, term](const RedisValue* holder) {
    if (holder == nullptr) return;  // restart() follows
    if (holder->text() != options_.server) return end();
    node_.send({"PEXPIRE", key, term}, {});
    cursor_ = "0";
    scan();
  });
}

void RedisRounds::scan() {
  node_.send({"SCAN", cursor_, "MATCH", keys_.beside_pattern(), "COUNT", kKeysAtOnce},
             [this](const RedisValue* answer) { on_scanned(answer); });
}

void RedisRounds::on_scanned(const RedisValue* answer) {
  if (answer == nullptr) return;
  if (answer->is_error()) return end();
  const RedisValue found = (*answer)[1];
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto parsed = keys_.parse(found[i].text());
    if (!parsed) continue;
    if (parsed->what == "due" || parsed->what == "delay") options_.look_after(parsed->endpoint);
    if (parsed->what == "retry" && options_.raises && !parsed->endpoint.is_dead()) {
      look_at_returned(parsed->endpoint);
    }
  }
  cursor_ = (*answer)[0].text();
  if (cursor_ == "0") return end();
  next_ = Deadline::in(kPause, now_);
}

void RedisRounds::look_at_returned(const EndpointName& endpoint) {
  const auto known = before_.find(endpoint);
  RedisCommand raise = RedisCommand::call(RedisScript::raise, 2);
  raise.add_pieces(keys_.list_pieces(endpoint)).add_pieces(keys_.pieces_beside(endpoint, "retry"));
  raise.add(known == before_.end() ? std::string_view() : std::string_view(known->second));
  node_.send(raise, [this, endpoint](const RedisValue* answer) {
    if (answer == nullptr || answer->is_error()) return;
    if ((*answer)[0].integer() > 0) options_.raised(endpoint);
    seen_[endpoint] = (*answer)[1].text();
  });
}

void RedisRounds::end() {
  cursor_.clear();
  before_.swap(seen_);
  seen_.clear();
  next_ = Deadline::in(options_.every, now_);
}

}  // namespace pistachio
