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

/// Where PROTOCOL lets stores differ.
struct StoreTraits {
  bool knows_ids_at_push = true;
  /// Messages given back apart come back in their places, and a peek shows what is delayed in its.
  bool keeps_places = true;
  /// A message is not counted any more when its ttl ends, whether anybody looks or not.
  bool drops_when_ttl_ends = true;
  bool bounds_keys = true;  ///< by max_keys
};

struct StoreFactory {
  std::string name;
  std::function<std::unique_ptr<StoreRig>(StoreOptions)> make;
  StoreTraits traits = {};
};

/// The kinds of store that are a LocalStore.
std::vector<StoreFactory> local_store_factories();

/// Every kind of store that can be tested here.
std::vector<StoreFactory> store_factories();

}  // namespace pistachio
