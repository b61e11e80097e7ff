#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/store/local_store.h"
#include "core/store/store.h"
#include "tests/support/file_rig.h"
#include "tests/support/store_rig.h"

namespace pistachio {

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

  void skip(Duration span) override { now_ += span; }

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
  return {{"memory",
           [](StoreOptions options) {
             return std::make_unique<PlainRig>(std::make_unique<LocalStore>(options));
           }},
          {"file",
           [](StoreOptions options) {
             return std::make_unique<FileRig>(FileRigOptions{.store = options});
           }},
          {"file, no body in memory", [](StoreOptions options) {
             return std::make_unique<FileRig>(
                 FileRigOptions{.store = options, .memory = {.budget = 0, .least = 0}});
           }}};
}

}  // namespace pistachio
