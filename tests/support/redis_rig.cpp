#include "tests/support/redis_rig.h"

#include "tests/support/catch.h"

namespace pistachio {
namespace {

// Nothing that a test asks of a Redis takes so long.
constexpr Duration kPatience = std::chrono::seconds(20);

// In which something that no event tells of, a time that runs, may have come due.
constexpr Duration kLook{5};

}  // namespace

RedisRig::RedisRig(RedisServer& server, RedisStore::Options options, bool shared_with_others) {
  if (!shared_with_others) server.ask({"FLUSHALL"});
  options.node.address.path = server.socket();
  if (!options.node.clock_ahead) options.node.clock_ahead = std::chrono::hours(24 * 365 * 50);
  options.node.linger = Duration::zero();
  if (!options.report) {
    options.report = [this](Severity severity, const std::string& what) {
      reports_.push_back({severity, what});
    };
  }
  loop_.add({.next_wish = [](TimePoint now) { return Deadline::in(kLook, now); },
             .run_due = {},
             .run_end = {}});
  store_ = std::make_unique<RedisStore>(loop_.uv(), std::move(options));
  REQUIRE(turn_until([this] { return !store_->health().has_value(); }));
}

RedisRig::~RedisRig() {
  store_.reset();
  loop_.drain_handles();
}

void RedisRig::step(Loop::Wait wait) {
  const TimePoint before = loop_.now();
  loop_.turn(wait);
  if (runs_) now_ += loop_.now() - before;
}

void RedisRig::turn() {
  step(Loop::Wait::no);
  while (store_->run(now_)) {
  }
}

bool RedisRig::turn_until(const std::function<bool()>& done) {
  const auto give_up = Deadline::in(kPatience, loop_.now());
  while (!done()) {
    if (store_->run(now_)) continue;
    if (done()) return true;
    if (give_up.reached(loop_.now())) return false;
    step(Loop::Wait::yes);
  }
  return true;
}

void RedisRig::turn_until_idle() {
  REQUIRE(turn_until([this] { return store_->is_idle() && !store_->next_wish().reached(now_); }));
}

}  // namespace pistachio
