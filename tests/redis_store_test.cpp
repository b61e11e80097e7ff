// What a store in Redis does beyond the contract: with other programs, with other servers. What it
// does when Redis fails is in redis_failure_test.cpp.

#include <map>
#include <string>
#include <vector>

#include "tests/support/redis_house.h"

using namespace pistachio;
using std::chrono::hours;
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

TEST_CASE("each message goes to one of several servers, and any can settle it") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  StoreDriver& other = house.another();
  for (int i = 0; i < 100; ++i) house.first.push("a", std::to_string(i));
  Texts seen;
  for (int i = 0; i < 50; ++i) {
    const auto mine = house.first.take("a", seconds(30));
    const auto its = other.take("a", seconds(30));
    seen.push_back(mine.body);
    seen.push_back(its.body);
    CHECK(mine.id != its.id);
    CHECK(other.settle("a", {mine.receipt}).empty());
    CHECK(house.first.settle("a", {its.receipt}).empty());
  }
  for (int i = 0; i < 100; ++i) CHECK(seen[static_cast<std::size_t>(i)] == std::to_string(i));
  CHECK(other.list().empty());
  CHECK(house.server.ask({"KEYS", "*"}).empty());
}

TEST_CASE("a message that a server held when it died is given out by another after half a minute") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  StoreDriver& other = house.another();
  other.push("a", "1");
  other.take("a");  // and is heard of no more
  CHECK(house.first.claim("a").empty());
  house.first.pass(seconds(29));
  CHECK(house.first.claim("a").empty());
  house.first.rung.clear();
  // Nobody asks: it waits for the bell. The look that is due now and then finds it.
  house.first.pass(EndpointLooks::kEvery);
  CHECK(house.first.rung["a"] == 1);
  const auto taken = house.first.take("a");
  CHECK(taken.body == "1");
  CHECK(taken.attempt == 2);
}

TEST_CASE("a message that a server holds stays with it as long as it lives") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  StoreDriver& other = house.another();
  other.push("a", "1", {.more = {"2"}});
  const auto held = other.claim("a", 2);
  for (int i = 0; i < 30; ++i) {
    house.first.pass(seconds(9));
    other.pass(seconds(9));
    CHECK(house.first.claim("a").empty());
  }
  CHECK(other.settle("a", receipts(held)).empty());
}

TEST_CASE("delays and leases of a server that died are kept by those that live") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  StoreDriver& other = house.another();
  CHECK(house.first.claim("a").empty());
  other.push("a", "delayed", {.delay = seconds(5)});
  other.push("b", "leased");
  other.take("b", seconds(60));
  // It is polled all the while.
  for (int i = 0; i < 30; ++i) {
    house.first.pass(seconds(2));
    house.first.claim("b");
  }
  CHECK(house.first.take("a").body == "delayed");
  CHECK(house.first.rung["b"] > 0);
}

TEST_CASE("scripts that Redis has forgotten are given to it again") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  house.server.ask({"SCRIPT", "FLUSH"});
  house.first.push("a", "1", {.key = "k"});
  CHECK(house.first.take("a").body == "1");
}

TEST_CASE("what nobody can read in our keys becomes a dead letter, once") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  house.server.ask({"RPUSH", "{test:a}:retry", "junk"});
  house.server.ask({"ZADD", "{test:a}:delay", "1", "rubbish"});
  house.server.ask({"HSET", "{test:a}:lease", "r", "nonsense"});
  house.server.ask({"ZADD", "{test:a}:due", "1", "r"});
  house.first.push("a", "good");
  CHECK(house.first.drain("a") == Texts{"good"});
  CHECK(house.first.claim("a").empty());
  CHECK_THAT(house.first.drain("a.dead"),
             Catch::UnorderedEquals(Texts{"junk", "rubbish", "nonsense"}));
  CHECK(house.server.ask({"KEYS", "*"}).empty());
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
