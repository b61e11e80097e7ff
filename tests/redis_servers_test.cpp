// Several servers on one Redis: who gets what, and what becomes of what one held that died.

#include <string>
#include <vector>

#include "tests/support/redis_house.h"

using namespace pistachio;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

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

TEST_CASE("what a dead server held where only other programs take comes back with a round") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.name_space = "test", .rounds_every = minutes(1)});
  {
    StoreDriver& other = house.another();
    other.push("a", "delayed", {.delay = seconds(5)});
    other.push("b", "leased");
    other.take("b", seconds(5));
    house.others.clear();
  }
  house.first.pass(seconds(59));
  CHECK(house.server.ask({"EXISTS", "test:a"}) == "0");
  house.first.pass(seconds(2));
  CHECK(house.server.ask({"LRANGE", "test:a", "0", "-1"}) == "delayed");
  CHECK(house.server.ask({"LLEN", "{test:b}:retry"}) == "1");
  // Nobody takes it there for a minute: then it goes where other programs look.
  for (int i = 0; i < 3; ++i) house.first.pass(minutes(1));
  CHECK(house.server.ask({"LRANGE", "test:b", "0", "-1"}) == "leased");
  CHECK(house.server.ask({"EXISTS", "{test:b}:retry"}) == "0");
}

TEST_CASE("of several servers one goes round, and another when it has gone") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.name_space = "test", .rounds_every = minutes(1)});
  house.another();
  house.first.pass(minutes(1));
  const std::string holder = house.server.ask({"GET", "{test:}:rounds"});
  CHECK(holder != "(nil)");
  house.others.back()->pass(minutes(1));
  CHECK(house.server.ask({"GET", "{test:}:rounds"}) == holder);
  house.server.ask({"DEL", "{test:}:rounds"});  // as its end does, three minutes later
  house.others.back()->pass(minutes(1));
  CHECK(house.server.ask({"GET", "{test:}:rounds"}) != holder);
}
