// What a store in Redis does beyond the contract: with other programs, with other servers. What it
// does when Redis fails is in redis_failure_test.cpp.

#include <string>
#include <vector>

#include "tests/support/redis_house.h"

using namespace pistachio;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

TEST_CASE("what another program pushes to the list arrives byte for byte") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  Texts bodies{"", std::string("\0\r\n\xff", 4), "1:2:3", std::string("\0pst1 mine", 10)};
  for (const std::string& body : bodies) house.server.ask({"RPUSH", "test:a", body});
  for (const std::string& body : bodies) CHECK(house.first.take("a").body == body);
}

TEST_CASE("what is pushed with nothing but a body is a plain element to other programs") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  const std::string body("\0\r\n\xff", 4);
  house.first.push("a", body, {.more = {"2"}});
  CHECK(house.server.ask({"BLPOP", "test:a", "1"}) == "test:a\n" + body);
  CHECK(house.server.ask({"BLPOP", "test:a", "1"}) == "test:a\n2");
  SECTION("also when it has been delayed, given back or came under a key") {
    house.first.push("a", body, {.delay = seconds(1)});
    house.first.pass(seconds(1));
    CHECK(house.server.ask({"LPOP", "test:a"}) == body);
    house.first.push("a", body, {.key = "k"});
    house.first.give_back("a", house.first.take("a").receipt);
    CHECK(house.server.ask({"LPOP", "test:a"}) == body);
  }
}

TEST_CASE("without a namespace the list has the name of the endpoint") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.name_space = ""});
  house.first.push("a", "1");
  CHECK(house.server.ask({"LPOP", "a"}) == "1");
}

TEST_CASE("a body that looks like an element with a header stays a body") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  const std::string body = redis_element("x", "text/html", 1);
  house.first.push("a", body);
  const auto taken = house.first.take("a");
  CHECK(taken.body == body);
  CHECK(taken.content_type.empty());
}

TEST_CASE("a push by another program rings at a server that waits, and at no other") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  StoreDriver& other = house.another();
  REQUIRE(house.first_redis().has_doorbell());
  CHECK(house.first.claim("a").empty());
  CHECK(other.claim("b").empty());
  house.server.ask({"RPUSH", "test:a", "1"});
  REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["a"] > 0; }));
  CHECK(house.first.take("a").body == "1");
  house.server.ask({"RPUSH", "test:b", "1"});
  REQUIRE(other.rig().turn_until([&] { return other.rung["b"] > 0; }));
  CHECK(other.rung.count("a") == 0);
  SECTION("and again, after every claim that found nothing") {
    for (int round = 0; round < 20; ++round) {
      house.first.claim("a");
      house.first.rung.clear();
      house.server.ask({"RPUSH", "test:a", "x"});
      REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["a"] > 0; }));
      CHECK(house.first.drain("a") == Texts{"x"});
    }
  }
}

TEST_CASE("a push, a return, a retry and a dead letter at one server ring at another that waits") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  StoreDriver& other = house.another();
  const auto rings = [&](const std::string& name, const std::function<void()>& what) {
    REQUIRE(house.first.claim(name).empty());
    house.first.rung.clear();
    what();
    REQUIRE(house.first.rig().turn_until([&] { return house.first.rung[name] > 0; }));
  };
  rings("a", [&] { other.push("a", "1"); });
  const auto taken = house.first.take("a");
  rings("a", [&] { other.push("a", "2", {.key = "k"}); });
  house.first.drain("a");
  rings("a", [&] { REQUIRE(other.give_back("a", taken.receipt, {.counted = true})); });
  const auto again = house.first.take("a");
  rings("a.dead", [&] { REQUIRE(other.give_back("a", again.receipt, {.dead = true})); });
  rings("a", [&] { CHECK(other.redrive("a.dead") == 1); });
  const auto third = house.first.take("a");
  rings("a", [&] {
    REQUIRE(other.give_back("a", third.receipt, {.hidden = seconds(2)}));
    other.pass(seconds(2));
  });
}

TEST_CASE("an endpoint is looked after as long as somebody waits for it, and no longer") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  Store& store = house.first.store();
  REQUIRE(house.first.claim("a").empty());
  for (int i = 0; i < 3; ++i) {
    CHECK(store.next_wish().left(house.first.now()) <= EndpointLooks::kEvery);
    house.first.pass(EndpointLooks::kEvery);
  }
  store.nobody_waits(endpoint("a"));
  house.first.pass(EndpointLooks::kEvery);
  CHECK(store.next_wish().is_never());
}

TEST_CASE("scripts that Redis has forgotten are given to it again") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  house.server.ask({"SCRIPT", "FLUSH"});
  house.first.push("a", "1", {.key = "k"});
  CHECK(house.first.take("a").body == "1");
}

TEST_CASE("however many leases end together, their messages come back in order, and die in it") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.store = {.max_attempts = 2}, .name_space = "test"});
  Texts all;
  for (int i = 0; i < 500; ++i) all.push_back(std::to_string(i));
  house.first.push("a", all[0], {.more = Texts(all.begin() + 1, all.end())});
  SECTION("of one batch") { CHECK(house.first.claim("a", 500, seconds(10)).size() == 500); }
  SECTION("one by one") {
    for (int i = 0; i < 500; ++i) {
      house.first.take("a", seconds(1000) - milliseconds(999'500 - i));
    }
  }
  SECTION("tied to a server that dies") {
    StoreDriver& dying = house.another();
    CHECK(dying.claim("a", 500).size() == 500);
    dying.pass(seconds(25));  // renewed
    house.others.clear();
    house.first.claim("a");
    house.first.pass(seconds(60));
  }
  house.first.pass(seconds(10));
  CHECK(house.first.counts("a").queued == 500);
  CHECK(bodies(house.first.claim("a", 500, seconds(10))) == all);
  house.first.pass(seconds(10));
  CHECK(house.first.drain("a.dead") == all);
}

TEST_CASE("a hundred leases of a megabyte end without holding Redis up for long") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  for (int i = 0; i < 100; ++i) house.first.push("a", std::string(1 << 20, 'x'));
  std::size_t taken = 0;
  while (taken < 100) taken += house.first.claim("a", 100, seconds(10)).size();
  house.server.ask({"CONFIG", "RESETSTAT"});
  house.first.pass(seconds(10));
  CHECK(house.first.counts("a").queued == 100);
  // In many pieces: nothing else waits for all of them.
  const std::string calls = house.server.ask({"INFO", "commandstats"});
  const auto at = calls.find("cmdstat_evalsha:calls=");
  REQUIRE(at != std::string::npos);
  CHECK(std::stoi(calls.substr(at + 22)) >= 50);
}

TEST_CASE(
    "a batch of large messages comes in parts, so that Redis is not held up for all of them") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  Texts pushed;
  for (char c = 'a'; c < 'a' + 20; ++c) pushed.emplace_back(300'000, c);
  for (const std::string& each : pushed) house.first.push("a", each);
  Texts taken;
  std::size_t polls = 0;
  for (; taken.size() < pushed.size() && polls < pushed.size(); ++polls) {
    const auto batch = house.first.claim("a", 20);
    CHECK(batch.size() == std::min<std::size_t>(3, pushed.size() - taken.size()));
    for (const std::string& body : bodies(batch)) taken.push_back(body);
    CHECK(house.first.remaining == pushed.size() - taken.size());  // the next poll goes on
  }
  CHECK(taken == pushed);
  SECTION("but one larger than a part comes whole") {
    house.first.push("a", std::string(3'000'000, 'x'), {.more = {"y"}});
    CHECK(house.first.claim("a", 20).size() == 1);
    CHECK(house.first.claim("a", 20).size() == 1);
  }
  SECTION("and small ones come as before") {
    house.first.push("a", "x", {.more = Texts(999, std::string(1000, 'y'))});
    CHECK(house.first.claim("a", 1000).size() == 1000);
  }
}

TEST_CASE("one list serves all who ask within its age") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.list_age = seconds(10)});
  house.first.push("a", "1");
  CHECK(house.first.list().size() == 1);
  house.first.push("b", "1");
  house.first.push("a", "2");
  CHECK(house.first.list().size() == 1);
  CHECK(house.first.list()[0].queued == 2);
  house.first.pass(seconds(10));
  CHECK(house.first.list().size() == 2);
}

TEST_CASE("a list is not disturbed by keys of others") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.name_space = "", .list_age = Duration::zero()});
  for (int i = 0; i < 20; ++i) house.server.ask({"SET", "a" + std::to_string(i), "x"});
  house.first.push("z", "1");
  const auto all = house.first.list({.limit = 3});
  REQUIRE(all.size() == 1);
  CHECK(all[0].name == "z");
}

TEST_CASE("the thousand messages of a split push are taken or refused together") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.store = {.max_queued = 1000}});
  Texts more(999, "x");
  CHECK(house.first.push("a", "x", {.more = more}).value().count == 1000);
  CHECK_FALSE(house.first.push("a", "x").has_value());
  CHECK(house.first.claim("a", 1000).size() == 1000);
}

TEST_CASE("ten thousand expired messages do not hide the one behind them") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  Texts more(4999, "x");
  house.first.push("a", "x", {.more = more, .ttl = seconds(1)});
  house.first.push("a", "x", {.more = more, .ttl = seconds(1)});
  house.first.push("a", "kept");
  house.first.pass(seconds(1));
  CHECK(house.first.take("a").body == "kept");
}

TEST_CASE("a poll that comes back to an endpoint known to be empty costs Redis nothing") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  const auto claims = [&] {
    const std::string all = house.server.ask({"INFO", "commandstats"});
    const auto at = all.find("cmdstat_evalsha:calls=");
    return at == std::string::npos ? 0 : std::stoi(all.substr(at + 22));
  };
  std::optional<std::size_t> found;
  const auto wait_for = [&] {
    found.reset();
    house.first.store().claim(
        {.endpoint = endpoint("a"), .waits = true},
        [&](const Expected<Claimed>& result) { found = result.value().messages.size(); });
    REQUIRE(house.first.rig().turn_until([&] { return found.has_value(); }));
  };
  wait_for();
  house.server.ask({"CONFIG", "RESETSTAT"});
  wait_for();
  CHECK(*found == 0);
  CHECK(claims() == 0);
  SECTION("until another program pushes, which rings") {
    house.server.ask({"RPUSH", "test:a", "1"});
    REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["a"] > 0; }));
  }
  SECTION("until this server pushes, for which Redis does not ring") { house.first.push("a", "1"); }
  SECTION("until this server gives something back there") {
    house.first.push("a", "1");
    house.first.give_back("a", house.first.take("a").receipt, {.counted = true});
  }
  SECTION("until another server gives something back there") {
    StoreDriver& other = house.another();
    other.push("a", "1");
    const auto taken = other.take("a");
    house.first.claim("a");
    house.first.rung.clear();
    other.give_back("a", taken.receipt, {.counted = true});
    REQUIRE(house.first.rig().turn_until([&] { return house.first.rung["a"] > 0; }));
  }
  SECTION("but one that does not wait asks, also when nothing rang") {
    house.server.ask({"RPUSH", "test:a", "1"});
    CHECK(house.first.claim("a").size() == 1);
    return;
  }
  wait_for();
  CHECK(*found == 1);
}

TEST_CASE("a settled message leaves Redis with the next command, or by itself soon after") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  Loop loop;
  RedisStore::Options given{.name_space = "test"};
  given.node.address.path = house.server.socket();
  auto store = std::make_unique<RedisStore>(loop.uv(), given);
  loop.add({.next_wish = [&](TimePoint) { return store ? store->next_wish() : Deadline::never(); },
            .run_due = {},
            .run_end = [&](TimePoint now) { return store && store->run(now); }});
  while (store->health()) loop.turn(Loop::Wait::yes);
  house.first.push("a", "1");
  std::optional<Receipt> receipt;
  store->claim({.endpoint = endpoint("a")}, [&](const Expected<Claimed>& result) {
    receipt = result.value().messages.front().receipt;
  });
  while (!receipt) loop.turn(Loop::Wait::yes);
  store->settle(endpoint("a"), *receipt);
  while (!store->is_idle()) loop.turn(Loop::Wait::yes);
  CHECK(house.server.ask({"KEYS", "*"}).empty());
  store.reset();
  loop.drain_handles();
}

TEST_CASE("messages whose attempts count stay where they are counted, and the first is first") {
  if (!RedisServer::is_installed()) return;
  const std::uint32_t most = GENERATE(0u, 5u);
  RedisHouse house(
      {.store = {.max_attempts = most}, .name_space = "test", .rounds_every = minutes(1)});
  house.first.push("a", "1", {.more = {"2"}});
  const auto taken = house.first.claim("a", 2);
  house.first.give_back("a", taken[1].receipt, {.counted = true});
  house.first.give_back("a", taken[0].receipt, {.counted = true});
  house.server.ask({"RPUSH", "test:a", "3"});
  for (int i = 0; i < 4; ++i) house.first.pass(minutes(1));
  CHECK(house.server.ask({"LLEN", "test:a"}) == (most == 0 ? "3" : "1"));
  CHECK(house.first.drain("a") == Texts{"1", "2", "3"});
}
