#include "tests/support/store_factories.h"

#include "tests/support/redis_rig.h"

namespace pistachio {

std::vector<StoreFactory> local_store_factories() {
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

std::vector<StoreFactory> store_factories() {
  std::vector<StoreFactory> factories = local_store_factories();
  if (RedisServer::is_installed()) {
    factories.push_back({"redis",
                         [](StoreOptions options) {
                           return std::make_unique<RedisRig>(
                               RedisServer::shared(),
                               RedisStore::Options{.store = options,
                                                   .name_space = "test",
                                                   .list_age = Duration::zero()});
                         },
                         {.knows_ids_at_push = false,
                          .keeps_places = false,
                          .drops_when_ttl_ends = false,
                          .bounds_keys = false}});
  }
  return factories;
}

}  // namespace pistachio
