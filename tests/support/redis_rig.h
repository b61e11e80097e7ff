#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/loop.h"
#include "core/store/redis_store.h"
#include "tests/support/redis_server.h"
#include "tests/support/store_rig.h"

namespace pistachio {

/// A RedisStore and the loop that its connections are in. Time is a number, also to Redis' scripts;
/// what travels on connections is waited for, never guessed at.
class RedisRig final : public StoreRig {
 public:
  /// `options.node.address` and, where it is not set, the clock are filled in, and no command
  /// lingers. The store is ready,
  /// and `server` emptied first, unless it is `shared_with` others.
  explicit RedisRig(RedisServer& server, RedisStore::Options options = {},
                    bool shared_with_others = false);
  ~RedisRig() override;

  Store& store() override { return *store_; }
  RedisStore& redis() { return *store_; }
  TimePoint now() const override { return now_; }
  struct Reported {
    Severity severity;
    std::string what;
  };
  const std::vector<Reported>& reports() const { return reports_; }

  bool turn_until(const std::function<bool()>& done) override;
  void turn_until_idle() override;
  void skip(Duration span) override { now_ += span; }
  /// One turn without waiting.
  void turn();
  /// From now on time passes as it does on the wall.
  void let_time_run() { runs_ = true; }

 private:
  void step(Loop::Wait wait);

  Loop loop_;
  TimePoint now_{std::chrono::hours(1)};
  bool runs_ = false;
  std::vector<Reported> reports_;
  std::unique_ptr<RedisStore> store_;
};

}  // namespace pistachio
