// What every store promises, part three: delays and ttls.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/store_driver.h"

using namespace pistachio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

TEST_CASE("a delayed message is hidden until it is due and then joins at the end") {
  StoreDriver driver;
  driver.push("a", "delayed", {.delay = milliseconds(2500)});
  driver.push("a", "1");
  driver.pass(milliseconds(2499));
  driver.push("a", "2");
  CHECK(driver.counts("a").queued == 2);
  CHECK(driver.counts("a").delayed == 1);
  driver.pass(milliseconds(1));
  CHECK(driver.counts("a").delayed == 0);
  driver.push("a", "3");
  CHECK(driver.drain("a") == Texts{"1", "2", "delayed", "3"});
}

TEST_CASE("delayed messages join in the order in which they are due, then of their pushes") {
  StoreDriver driver;
  driver.push("a", "9", {.delay = seconds(9)});
  driver.push("a", "3 first", {.delay = seconds(3)});
  driver.push("a", "6", {.delay = seconds(6)});
  driver.pass(seconds(1));
  driver.push("a", "3 second", {.delay = seconds(2)});
  driver.push("a", "2", {.delay = seconds(1)});
  driver.pass(seconds(60));
  CHECK(driver.drain("a") == Texts{"2", "3 first", "3 second", "6", "9"});
}

TEST_CASE("a delayed message that was taken and given back has the place where it joined") {
  StoreDriver driver;
  driver.push("a", "delayed", {.delay = seconds(1)});
  driver.push("a", "1");
  driver.pass(seconds(1));
  driver.push("a", "2");
  auto taken = driver.claim("a", 3);
  if (!driver.traits().keeps_places) std::reverse(taken.begin(), taken.end());
  for (const SeenMessage& each : taken) driver.give_back("a", each.receipt);
  CHECK(driver.drain("a") == Texts{"1", "delayed", "2"});
}

TEST_CASE("a message that nobody took within its ttl is dropped") {
  StoreDriver driver;
  driver.push("a", "short", {.ttl = milliseconds(1500)});
  driver.push("a", "long", {.ttl = hours(1)});
  driver.pass(milliseconds(1499));
  CHECK(driver.counts("a").queued == 2);
  driver.pass(milliseconds(1));
  CHECK(driver.drain("a") == Texts{"long"});
}

TEST_CASE("a ttl counts from the push, delayed or not") {
  StoreDriver driver;
  driver.push("a", "in time", {.delay = seconds(3), .ttl = seconds(5)});
  driver.push("a", "never due", {.delay = seconds(3), .ttl = seconds(3)});
  driver.push("a", "too late", {.delay = seconds(9), .ttl = seconds(4)});
  CHECK(driver.counts("a").delayed == 3);
  driver.pass(seconds(4));
  if (driver.traits().drops_when_ttl_ends) {
    CHECK(driver.counts("a").queued == 1);
    CHECK(driver.counts("a").delayed == 0);
  }
  driver.pass(seconds(1));
  if (!driver.traits().drops_when_ttl_ends) {
    driver.pass(seconds(4));
    CHECK(driver.claim("a").empty());
  }
  CHECK(driver.list().empty());
}

TEST_CASE("a message that is leased when its ttl ends stays with its listener") {
  StoreDriver driver;
  driver.push("a", "1", {.ttl = seconds(1)});
  const auto taken = driver.take("a", seconds(9));
  driver.pass(seconds(5));
  CHECK(driver.counts("a").leased == 1);
  CHECK(driver.settle("a", {taken.receipt}).empty());
}

TEST_CASE("a message that somebody took within its ttl is kept when it comes back, however late") {
  StoreDriver driver;
  driver.push("a", "1", {.ttl = seconds(1)});
  SECTION("given back") {
    const auto taken = driver.take("a");
    driver.pass(seconds(1));
    REQUIRE(driver.give_back("a", taken.receipt).has_value());
  }
  SECTION("given back to be retried") {
    const auto taken = driver.take("a");
    driver.pass(seconds(1));
    REQUIRE(driver.give_back("a", taken.receipt, {.counted = true, .hidden = hours(1)}));
    driver.pass(hours(1));
  }
  SECTION("its lease ends") {
    driver.take("a", seconds(2));
    driver.pass(seconds(2));
  }
  SECTION("its lease ended in time") {
    driver.take("a", milliseconds(500));
    driver.pass(milliseconds(500));
    CHECK(driver.counts("a").queued == 1);
    driver.pass(seconds(5));
  }
  CHECK(driver.claim("a").size() == 1);
}

TEST_CASE("a dead letter outlives its ttl, also when it is redriven") {
  StoreDriver driver({.max_attempts = 1});
  driver.push("a", "1", {.more = {"2"}, .ttl = seconds(2)});
  const auto early = driver.take("a");
  driver.give_back("a", early.receipt, {.dead = true});
  driver.take("a", seconds(3));
  driver.pass(seconds(3));
  CHECK(bodies(driver.peek("a.dead")) == Texts{"1", "2"});
  driver.pass(hours(1));
  CHECK(driver.redrive("a.dead") == 2);
  driver.pass(hours(1));
  CHECK(driver.drain("a") == Texts{"1", "2"});
}

TEST_CASE("a message pushed to a dead-letter endpoint has its ttl, also when it is redriven") {
  StoreDriver driver;
  driver.push("a.dead", "1", {.ttl = seconds(2)});
  driver.push("a.dead", "2", {.delay = seconds(1), .ttl = seconds(4)});
  CHECK(driver.redrive("a.dead") == 2);
  driver.pass(seconds(2));
  if (driver.traits().drops_when_ttl_ends) CHECK(bodies(driver.peek("a")) == Texts{"2"});
  driver.pass(seconds(2));
  if (!driver.traits().drops_when_ttl_ends) CHECK(driver.claim("a").empty());
  CHECK(driver.list().empty());
}

TEST_CASE("spans too long for the clock last for ever") {
  StoreDriver driver;
  driver.push("a", "delayed", {.delay = Duration::max()});
  driver.push("a", "kept", {.ttl = Duration::max()});
  const auto taken = driver.take("a", Duration::max());
  driver.pass(hours(24 * 365 * 100));
  CHECK(driver.counts("a").delayed == 1);
  CHECK(driver.counts("a").leased == 1);
  REQUIRE(driver.extend("a", taken.receipt, Duration::max()).has_value());
  REQUIRE(driver.give_back("a", taken.receipt, {.hidden = Duration::max()}).has_value());
  CHECK(driver.counts("a").delayed == 2);
  CHECK(driver.purge("a") == 2);
}

TEST_CASE("a loop that calls a store only when it wishes misses nothing") {
  StoreDriver driver;
  driver.push("a", "delayed", {.delay = seconds(5)});
  driver.push("b", "leased");
  driver.take("b", seconds(7));
  driver.push("c", "short", {.ttl = seconds(3)});
  int calls = 0;
  while (!driver.store().next_wish().is_never() && calls < 1000) {
    driver.pass(driver.store().next_wish().left(driver.now()));
    ++calls;
  }
  CHECK(calls < 1000);
  CHECK(driver.drain("a") == Texts{"delayed"});
  CHECK(driver.drain("b") == Texts{"leased"});
  if (driver.traits().drops_when_ttl_ends) CHECK(driver.peek("c").empty());
  CHECK(driver.claim("c").empty());
}
