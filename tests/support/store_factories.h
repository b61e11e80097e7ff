#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/store/local_store.h"
#include "core/store/store.h"

namespace pistachio {

/// A store under test, and how its time passes and its work gets done. The cases know nothing else,
/// so that a store which waits for a disk or a network is tested by the same ones.
class StoreRig {
 public:
  virtual ~StoreRig() = default;

  virtual Store& store() = 0;
  virtual TimePoint now() const = 0;

  /// Turns until `done` is true, or gives up and returns false. Time stands still.
  virtual bool turn_until(const std::function<bool()>& done) = 0;

  /// Turns until nothing is left to do, now.
  virtual void turn_until_idle() = 0;

  /// Lets time pass, and does what is due at its end. Nothing runs in between.
  virtual void pass(Duration span) = 0;
};

/// For stores that need nothing but run(): time is a number.
class PlainRig final : public StoreRig {
 public:
  explicit PlainRig(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  Store& store() override { return *store_; }
  TimePoint now() const override { return now_; }

  bool turn_until(const std::function<bool()>& done) override {
    for (int turns = 0; !done(); ++turns) {
      if (turns == 1000) return false;
      store_->run(now_);
    }
    return true;
  }

  void turn_until_idle() override {
    while (store_->run(now_)) {
    }
  }

  void pass(Duration span) override {
    now_ += span;
    turn_until_idle();
  }

 private:
  std::unique_ptr<Store> store_;
  TimePoint now_{std::chrono::hours(1)};  // not 0, which a mistake would also yield
};

struct StoreFactory {
  std::string name;
  std::function<std::unique_ptr<StoreRig>(StoreOptions)> make;
};

/// Every kind of store that can be tested here.
inline std::vector<StoreFactory> store_factories() {
  return {{"memory", [](StoreOptions options) {
             return std::make_unique<PlainRig>(std::make_unique<LocalStore>(options));
           }}};
}

}  // namespace pistachio
