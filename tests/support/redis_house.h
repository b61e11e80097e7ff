#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/store/redis_element.h"
#include "tests/support/catch.h"
#include "tests/support/redis_rig.h"
#include "tests/support/store_driver.h"

namespace pistachio {

/// A Redis and servers that share it, each asked through a driver. The first is `first`.
struct RedisHouse {
  explicit RedisHouse(RedisStore::Options options = {.name_space = "test"},
                      RedisServer& redis = RedisServer::shared())
      : server(redis), given(std::move(options)), first(factory(false), given.store) {}

  /// One more server; valid as long as the house.
  StoreDriver& another() {
    return *others.emplace_back(std::make_unique<StoreDriver>(factory(true), given.store));
  }

  RedisRig& first_rig() { return dynamic_cast<RedisRig&>(first.rig()); }
  RedisStore& first_redis() { return first_rig().redis(); }

  StoreFactory factory(bool shared) {
    return {.name = "redis", .make = [this, shared](StoreOptions) {
              return std::make_unique<RedisRig>(server, given, shared);
            }};
  }

  RedisServer& server;
  RedisStore::Options given;
  StoreDriver first;
  std::vector<std::unique_ptr<StoreDriver>> others;
};

}  // namespace pistachio
