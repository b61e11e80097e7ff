#pragma once

#include <optional>
#include <string>

#include "core/store/open_store.h"
#include "tests/support/redis_house.h"

namespace pistachio {

// Until the store has found out that Redis is away, and then that it is back.
inline void until_lost(RedisHouse& house) {
  REQUIRE(house.first.rig().turn_until([&] { return house.first.store().health().has_value(); }));
}
inline void until_back(RedisHouse& house) {
  house.first_rig().let_time_run();
  REQUIRE(house.first.rig().turn_until([&] { return !house.first.store().health().has_value(); }));
}

// Opens the store as `serve` does, and closes it again: what was wrong, or nothing.
inline std::string trouble_of(const std::string& url) {
  Loop loop;
  OpenOptions given;
  given.loop = loop.uv();
  auto opened = open_store(url, std::move(given));
  const std::string trouble = opened ? std::string() : opened.error().message;
  if (opened) opened->store.reset();
  loop.drain_handles();
  return trouble;
}

// Makes a user "u" who may do everything, with these `channels`, and says how a store becomes that.
inline RedisStore::Options as_user(RedisServer& server, const std::string& channels) {
  server.ask({"ACL", "SETUSER", "u", "on", ">p", "~*", channels, "+@all"});
  RedisStore::Options given;
  given.name_space = "test";
  given.node.address.user = "u";
  given.node.address.password = "p";
  return given;
}

inline bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Of a claim of somebody who would wait.
inline Error refused_claim(StoreDriver& driver, const std::string& name) {
  std::optional<Error> refused;
  std::optional<std::size_t> claimed;
  driver.store().claim({.endpoint = endpoint(name), .waits = true},
                       [&](const Expected<Claimed>& result) {
                         if (!result) refused = result.error();
                         if (result) claimed = result->messages.size();
                       });
  REQUIRE(driver.rig().turn_until([&] { return refused || claimed; }));
  INFO("claimed: " << claimed.value_or(0));
  REQUIRE(refused.has_value());
  return *refused;
}

}  // namespace pistachio
