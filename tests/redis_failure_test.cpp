// What a store in Redis does when Redis, or one of the connections to it, fails: nothing is lost,
// nothing hangs, and each failure is called by its name.

#include <string>
#include <thread>
#include <vector>

#include "tests/support/redis_house.h"
#include "tests/support/redis_trouble.h"

using namespace pistachio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

namespace {

// A redis-server whose file has every write before it is answered.
const std::vector<std::string> kDurable{"--appendonly", "yes", "--appendfsync", "always"};

RedisStore::Options options() {
  RedisStore::Options given;
  given.name_space = "test";
  return given;
}

// The number that CLIENT LIST gives that connection of a server: "bell", or else that of commands.
std::string id_of(RedisServer& server, const std::string& which) {
  const std::string all = server.ask({"CLIENT", "LIST"});
  for (std::size_t at = 0; at < all.size(); at = all.find('\n', at) + 1) {
    const std::string line = all.substr(at, all.find('\n', at) - at);
    const bool is_bell = line.find(" name=pistachio-bell ") != std::string::npos;
    const bool is_ours = line.find(" name=pistachio-") != std::string::npos;
    if (is_ours && is_bell == (which == "bell")) {
      return line.substr(3, line.find(' ') - 3);
    }
  }
  return {};
}

}  // namespace

TEST_CASE("when Redis dies and comes back with its file nothing is lost and waiting goes on") {
  if (!RedisServer::is_installed()) return;
  RedisServer server(kDurable);
  RedisHouse house(options(), server);
  house.first.push("a", "held", {.more = {"settled", "returned", "queued"}});
  const auto held = house.first.take("a");
  const auto settled = house.first.take("a");
  const auto returned = house.first.take("a");
  REQUIRE(house.first.claim("waited").empty());
  server.kill();
  until_lost(house);

  const auto refused = house.first_rig().store().health();
  CHECK(says(refused->message, "cannot use redis+unix://" + server.socket()));
  std::optional<Expected<Pushed>> pushed;
  Store& store = house.first.store();
  store.push(StoreDriver::push_of("a", "refused"),
             [&](Expected<Pushed> result) { pushed.emplace(std::move(result)); });
  std::optional<std::size_t> claimed;
  store.claim({.endpoint = endpoint("a")},
              [&](const Expected<Claimed>& result) { claimed = result.value().messages.size(); });
  store.settle(endpoint("a"), settled.receipt);
  store.give_back(endpoint("a"), returned.receipt, {}, {});
  REQUIRE(house.first.rig().turn_until([&] { return pushed && claimed; }));
  CHECK(pushed->error().code == Errc::unavailable);
  CHECK(pushed->error().retry_after.has_value());
  CHECK(*claimed == 0);  // so that a poll goes on waiting

  house.first.rung.clear();
  server.start();
  server.ask({"RPUSH", "test:waited", "came meanwhile"});
  until_back(house);
  REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["waited"] > 0; }));
  CHECK(house.first.take("waited").body == "came meanwhile");
  REQUIRE(house.first.rig().turn_until([&] { return house.first_redis().is_idle(); }));
  CHECK(house.first.counts("a").leased == 1);
  CHECK(house.first.drain("a") == Texts{"returned", "queued"});
  CHECK(house.first.settle("a", {held.receipt}).empty());
  REQUIRE(house.first_rig().reports().size() == 2);
  CHECK(house.first_rig().reports()[0].severity == Severity::error);  // that it was lost
  CHECK(house.first_rig().reports()[1].severity == Severity::info);   // that it is back
}

TEST_CASE("the loss of either connection alone resets both, and waiting goes on") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house(options());
  const std::string which = GENERATE(as<std::string>(), "command", "bell");
  REQUIRE(house.first.claim("a").empty());
  const std::string command = id_of(house.server, "command");
  const std::string bell = id_of(house.server, "bell");
  REQUIRE(house.server.ask({"CLIENT", "KILL", "ID", which == "command" ? command : bell}) == "1");
  until_lost(house);
  until_back(house);
  CHECK(id_of(house.server, "command") != command);
  CHECK(id_of(house.server, "bell") != bell);
  REQUIRE(house.first_redis().has_doorbell());
  // Whoever waits asks once more, for what came meanwhile.
  REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["a"] > 0; }));
  REQUIRE(house.first.claim("a").empty());
  house.first.rung.clear();
  house.server.ask({"RPUSH", "test:a", "1"});
  REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["a"] > 0; }));
  CHECK(house.first.take("a").body == "1");
}

TEST_CASE("a Redis that has begun anew has no connection of ours to be ended, but others'") {
  if (!RedisServer::is_installed()) return;
  RedisServer server(kDurable);
  RedisHouse house(options(), server);
  house.first.push("a", "1");
  server.kill();
  until_lost(house);
  server.start();
  until_back(house);
  CHECK_FALSE(says(server.ask({"INFO", "commandstats"}), "cmdstat_client|kill"));
  CHECK(house.first.drain("a") == Texts{"1"});
}

TEST_CASE("a claim whose answer is lost with the connection leaves nothing leased") {
  if (!RedisServer::is_installed()) return;
  RedisServer server(kDurable);
  RedisHouse house(options(), server);
  house.first.push("a", "1", {.more = {"2"}});
  // Redis carries it out, but we have given the connection up before we look at the answer.
  Store& store = house.first.store();
  std::optional<std::size_t> claimed;
  store.claim({.endpoint = endpoint("a"), .max = 2},
              [&](const Expected<Claimed>& result) { claimed = result.value().messages.size(); });
  while (store.run(house.first.now())) {
  }
  REQUIRE(server.ask({"HLEN", "{test:a}:lease"}) == "2");
  house.first.rig().skip(seconds(6));
  store.run(house.first.now());
  REQUIRE(house.first.rig().turn_until([&] { return claimed.has_value(); }));
  CHECK(*claimed == 0);
  until_back(house);
  REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["a"] > 0; }));
  const auto again = house.first.claim("a", 2);
  CHECK(bodies(again) == Texts{"1", "2"});
  CHECK(again.front().attempt == 1);
}

TEST_CASE("a Redis that is silent is given up after five seconds, and nothing blocks meanwhile") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(options(), server);
  house.first.push("a", "0");
  Store& store = house.first.store();
  house.first_rig().let_time_run();
  std::thread asleep([&server] { server.ask({"DEBUG", "SLEEP", "6"}); });
  REQUIRE(house.first.rig().turn_until([&] { return server.is_silent(); }));
  std::optional<Errc> refused;
  store.push(StoreDriver::push_of("b", "1"),
             [&](const Expected<Pushed>& result) { refused = result.error().code; });
  std::optional<std::size_t> claimed;
  store.claim({.endpoint = endpoint("a")},
              [&](const Expected<Claimed>& result) { claimed = result.value().messages.size(); });
  std::size_t turns = 0;
  REQUIRE(house.first.rig().turn_until([&] {
    ++turns;
    return refused && claimed;
  }));
  CHECK(*refused == Errc::unavailable);
  CHECK(*claimed == 0);
  CHECK(turns > 100);
  asleep.join();
  until_back(house);
  REQUIRE(house.first.rig().turn_until([&] { return house.first_redis().is_idle(); }));
  // The claim was in the socket when we gave up, and has been undone since, if it was done at all.
  const auto taken = house.first.take("a");
  CHECK(taken.body == "0");
  CHECK(taken.attempt == 1);
}

TEST_CASE("a Redis that is out of memory refuses pushes and can be emptied") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(options(), server);
  house.first.push("a", "1", {.more = {"2", "3", "4"}});
  house.first.push("a", "delayed", {.delay = seconds(1)});
  const auto taken = house.first.claim("a", 2, seconds(5));
  server.ask({"CONFIG", "SET", "maxmemory", "1"});
  for (const PushExtras& extras :
       {PushExtras{}, PushExtras{.key = "k"}, PushExtras{.delay = seconds(1)}}) {
    const auto refused = house.first.push("a", "5", extras);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::storage_full);
    CHECK(says(refused.error().message, "maxmemory"));
  }
  REQUIRE(house.first.give_back("a", taken[0].receipt, {.counted = true}));
  house.first.pass(seconds(5));
  CHECK_THAT(house.first.drain("a"), Catch::UnorderedEquals(Texts{"1", "2", "3", "4", "delayed"}));
}

TEST_CASE("a lease can be made longer while Redis is out of memory, and so is one that is tied") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(options(), server);
  house.first.push("a", "leased", {.more = {"tied"}});
  const auto leased = house.first.take("a", seconds(10));
  const auto tied = house.first.take("a");
  server.ask({"CONFIG", "SET", "maxmemory", "1"});
  REQUIRE(house.first.extend("a", leased.receipt, seconds(100)).has_value());
  for (int i = 0; i < 9; ++i) {
    house.first.pass(seconds(10));
    CHECK(house.first.claim("a").empty());
  }
  CHECK(house.first.settle("a", {tied.receipt}).empty());
  house.first.pass(seconds(10));
  CHECK(house.first.take("a").attempt == 2);
}

TEST_CASE("a lease that Redis will not make longer is not said to be longer") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(as_user(server, "&*"), server);
  house.first.push("a", "1");
  const auto leased = house.first.take("a", seconds(10));
  server.ask({"ACL", "SETUSER", "u", "-zadd"});
  CHECK(house.first.extend("a", leased.receipt, seconds(100)).error().code == Errc::unavailable);
}

TEST_CASE("a message whose settlement Redis refuses comes back, and its holder is told") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(as_user(server, "&*"), server);
  house.first.push("a", "1");
  const auto leased = house.first.take("a", seconds(1000));
  server.ask({"ACL", "SETUSER", "u", "-hdel"});
  std::optional<Errc> refused;
  house.first.store().settle(
      endpoint("a"), {leased.receipt},
      [&](const Expected<std::vector<Receipt>>& result) { refused = result.error().code; });
  REQUIRE(house.first.rig().turn_until([&] { return refused.has_value(); }));
  CHECK(refused == Errc::unavailable);
  REQUIRE(house.first.rig().turn_until([&] { return house.first_redis().is_idle(); }));
  server.ask({"ACL", "SETUSER", "u", "+hdel"});
  house.first.pass(seconds(30));
  CHECK(house.first.take("a").attempt == 2);
}

TEST_CASE("a master that becomes a replica is left, and taken again when it is one no more") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(options(), server);
  house.first.push("a", "1");
  server.ask({"REPLICAOF", "127.0.0.1", "1"});
  std::optional<Error> refused;
  house.first.store().push(StoreDriver::push_of("a", "2"),
                           [&](const Expected<Pushed>& result) { refused = result.error(); });
  REQUIRE(house.first.rig().turn_until([&] { return refused.has_value(); }));
  CHECK(refused->code == Errc::unavailable);
  CHECK(says(refused->message, "replica"));
  until_lost(house);
  CHECK(says(house.first.store().health()->message, "replica"));
  CHECK(says(trouble_of(server.url()), "replica"));
  server.ask({"REPLICAOF", "NO", "ONE"});
  until_back(house);
  CHECK(house.first.drain("a") == Texts{"1"});
}

TEST_CASE("a key of another type troubles its own endpoint only, and says which is to be removed") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house(options());
  const std::string key =
      GENERATE(as<std::string>(), "test:a", "{test:a}:retry", "{test:a}:lease", "{test:a}:due");
  house.first.push("a", "1");
  if (key == "test:a") house.server.ask({"DEL", key});
  house.server.ask({"SET", key, "x"});
  const Error error = refused_claim(house.first, "a");
  CHECK(error.code == Errc::unavailable);
  CHECK(says(error.message, "endpoint a "));
  CHECK(says(error.message, "WRONGTYPE"));
  CHECK_FALSE(house.first.store().health().has_value());
  house.first.push("b", "1");
  CHECK(house.first.drain("b") == Texts{"1"});
  house.server.ask({"DEL", key});
  if (key != "test:a") CHECK(house.first.take("a").body == "1");
}

TEST_CASE("a key of another type stops nothing that does not need it") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.store = {.max_attempts = 2}, .name_space = "test"});
  house.first.push("a", "dying", {.more = {"living"}});
  REQUIRE(house.first.give_back("a", house.first.take("a").receipt, {.counted = true}));
  REQUIRE(house.first.claim("a", 2, seconds(5)).size() == 2);
  SECTION("what was leased comes back without :delay") {
    house.server.ask({"SET", "{test:a}:delay", "x"});
    house.first.pass(seconds(5));
    CHECK(house.first.drain("a.dead") == Texts{"dying"});
    CHECK(house.first.take("a").body == "living");
  }
  SECTION("what was delayed comes without :due") {
    house.first.push("a", "delayed", {.delay = seconds(5)});
    house.server.ask({"SET", "{test:a}:due", "x"});
    house.first.pass(seconds(5));
    CHECK(house.server.ask({"LRANGE", "test:a", "0", "-1"}) == "delayed");
  }
  SECTION("without :dead waits only what has died, and only until the key is gone") {
    house.server.ask({"SET", "{test:a}:dead", "x"});
    house.first.pass(seconds(5));
    const auto living = house.first.take("a");
    CHECK(living.body == "living");
    CHECK(house.first.give_back("a", living.receipt).has_value());
    CHECK(house.first.settle("a", {house.first.take("a").receipt}).empty());
    CHECK(says(refused_claim(house.first, "a").message, "{test:a}:dead"));
    house.server.ask({"RPUSH", "{test:a}:retry", "junk"});
    CHECK(says(refused_claim(house.first, "a").message, "WRONGTYPE"));
    CHECK(house.server.ask({"LRANGE", "{test:a}:retry", "0", "-1"}) == "junk");
    house.server.ask({"DEL", "{test:a}:dead"});
    house.first.pass(seconds(10));
    CHECK(house.first.claim("a").empty());
    CHECK_THAT(house.first.drain("a.dead"), Catch::UnorderedEquals(Texts{"dying", "junk"}));
  }
}

TEST_CASE(
    "that nothing due can be handed out is told whoever finds nothing there, and logged once") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house(options());
  REQUIRE(house.first.claim("a").empty());
  house.first.push("a", "held");
  house.first.take("a", seconds(600));
  const std::string key = GENERATE(as<std::string>(), "{test:a}:delay", "{test:a}:due");
  house.server.ask({"RENAME", "{test:a}:due", "aside"});
  house.server.ask({"SET", key, "x"});
  for (int i = 0; i < 3; ++i) {
    house.first.rung.clear();
    house.first.pass(seconds(10));
    CHECK(house.first.rung["a"] > 1000);  // all who wait: each is to be told
    const Error told = refused_claim(house.first, "a");
    CHECK(told.code == Errc::unavailable);
    CHECK(told.retry_after.has_value());
    CHECK(says(told.message, "endpoint a "));
    CHECK(says(told.message, "WRONGTYPE"));
    CHECK(says(told.message, key));
  }
  REQUIRE(house.first_rig().reports().size() == 1);
  CHECK(house.first_rig().reports()[0].severity == Severity::error);
  CHECK(says(house.first_rig().reports()[0].what, key));
  if (key == "{test:a}:delay") {  // what can be had is given
    house.first.push("a", "1");
    CHECK(house.first.take("a").body == "1");
  }
  house.first.push("b", "1");
  CHECK(house.first.drain("b") == Texts{"1"});
  refused_claim(house.first, "a");
  house.server.ask({"DEL", key});
  house.first.pass(seconds(1));
  CHECK(house.first.claim("a").empty());
  REQUIRE(house.first_rig().reports().size() == 2);
  CHECK(house.first_rig().reports()[1].severity == Severity::info);
}
