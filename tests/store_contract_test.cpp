// What every store promises, part one: how it is asked, what it keeps, in what order it gives.
// The other parts: store_contract_lease_test.cpp, store_contract_time_test.cpp,
// store_contract_limits_test.cpp, store_contract_upkeep_test.cpp.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/store_driver.h"

using namespace pistachio;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

TEST_CASE("nothing that is asked of a store completes inside the call that asks") {
  StoreDriver driver;
  driver.push("a", "held");
  const Receipt held = driver.take("a").receipt;
  driver.push("a", "1");
  driver.rung.clear();

  Store& store = driver.store();
  int completed = 0;
  const auto note = [&completed](const auto&) { ++completed; };
  store.push(StoreDriver::push_of("b", "2"), note);
  store.claim({.endpoint = endpoint("a")}, note);
  store.settle(endpoint("a"), {held}, note);
  store.settle(endpoint("a"), held);
  store.give_back(endpoint("a"), held, {}, note);
  store.extend(endpoint("a"), held, seconds(1), note);
  store.remove(endpoint("a"), "77", note);
  store.peek(endpoint("a"), 10, note);
  store.purge(endpoint("a"), note);
  store.redrive(endpoint("a.dead"), note);
  store.counts(endpoint("a"), note);
  store.list({}, note);
  CHECK(completed == 0);
  CHECK(driver.rung.empty());
  REQUIRE(driver.rig().turn_until([&completed] { return completed == 11; }));
  driver.rig().turn_until_idle();
  CHECK(completed == 11);
}

TEST_CASE("what is asked in one turn happens in the order in which it was asked") {
  StoreDriver driver;
  Store& store = driver.store();
  Texts happened;
  const auto claim = [&](const std::string& name) {
    store.claim({.endpoint = endpoint("jobs"), .max = 9},
                [&happened, name](const Expected<Claimed>& claimed) {
                  std::string text = name + ":";
                  for (const Delivered& each : claimed->messages) text += each.message.body;
                  happened.push_back(text);
                });
  };
  const auto push = [&](const std::string& body) {
    store.push(StoreDriver::push_of("jobs", body),
               [&happened, body](const Expected<Pushed>&) { happened.push_back("push " + body); });
  };
  claim("first");
  push("1");
  push("2");
  claim("second");
  push("3");
  store.purge(endpoint("jobs"), [&happened](const Expected<std::size_t>& count) {
    happened.push_back("purge " + std::to_string(*count));
  });
  push("4");
  claim("third");
  REQUIRE(driver.rig().turn_until([&happened] { return happened.size() == 8; }));
  // When each is told is for the store; what came of it is not.
  CHECK_THAT(happened, Catch::UnorderedEquals(Texts{"first:", "push 1", "push 2", "second:12",
                                                    "push 3", "purge 1", "push 4", "third:4"}));
}

TEST_CASE("a store is never sure that an endpoint is empty which has a message available") {
  StoreDriver driver;
  const EndpointName jobs = endpoint("jobs");
  REQUIRE(driver.push("jobs", "1").has_value());
  CHECK_FALSE(driver.store().surely_empty(jobs));
  const SeenMessage taken = driver.take("jobs");
  REQUIRE(driver.give_back("jobs", taken.receipt).has_value());
  CHECK_FALSE(driver.store().surely_empty(jobs));
  REQUIRE(driver.push("jobs", "2", {.delay = std::chrono::seconds(1)}).has_value());
  CHECK(driver.drain("jobs") == Texts{"1"});
  driver.pass(std::chrono::seconds(1));
  CHECK_FALSE(driver.store().surely_empty(jobs));
}

TEST_CASE("a completion may ask for more, which does not complete inside it") {
  StoreDriver driver;
  Store& store = driver.store();
  bool inner_done = false;
  bool inner_done_inside = false;
  store.push(StoreDriver::push_of("a", "1"), [&](const Expected<Pushed>&) {
    store.push(StoreDriver::push_of("a", "2"), [&](const Expected<Pushed>&) { inner_done = true; });
    inner_done_inside = inner_done;
  });
  REQUIRE(driver.rig().turn_until([&inner_done] { return inner_done; }));
  CHECK_FALSE(inner_done_inside);
  CHECK(driver.drain("a") == Texts{"1", "2"});
}

TEST_CASE("completions that are open when the store ends are not called") {
  bool called = false;
  {
    StoreDriver driver;
    driver.store().push(StoreDriver::push_of("a", "1"),
                        [&called](const Expected<Pushed>&) { called = true; });
  }
  CHECK_FALSE(called);
}

TEST_CASE("the bell says how many messages became available, and where") {
  StoreDriver driver;
  driver.push("a", "1");
  CHECK(driver.rung == std::map<std::string, std::size_t>{{"a", 1}});
  driver.push("b", "1", {.more = {"2", "3"}});
  CHECK(driver.rung["b"] == 3);

  SECTION("a delayed message when it is due, not before") {
    driver.push("c", "1", {.delay = seconds(5)});
    driver.pass(seconds(4));
    CHECK(driver.rung.count("c") == 0);
    driver.pass(seconds(1));
    CHECK(driver.rung["c"] == 1);
  }
  SECTION("a message that was given back") {
    const auto taken = driver.take("a");
    driver.rung.clear();
    driver.give_back("a", taken.receipt);
    CHECK(driver.rung["a"] == 1);
  }
  SECTION("a message that was given back hidden, when that is over") {
    const auto taken = driver.take("a");
    driver.rung.clear();
    driver.give_back("a", taken.receipt, {.hidden = seconds(5)});
    CHECK(driver.rung.count("a") == 0);
    driver.pass(seconds(5));
    CHECK(driver.rung["a"] == 1);
  }
  SECTION("a message whose lease has ended") {
    driver.take("a", seconds(5));
    driver.rung.clear();
    driver.pass(seconds(5));
    CHECK(driver.rung["a"] == 1);
  }
  SECTION("dead letters, at their own endpoint, and redriven ones at the first") {
    for (const SeenMessage& each : driver.claim("b", 3)) {
      driver.give_back("b", each.receipt, {.dead = true});
    }
    CHECK(driver.rung["b.dead"] == 3);
    driver.rung.clear();
    driver.redrive("b.dead");
    CHECK(driver.rung["b"] == 3);
  }
}

TEST_CASE("messages come in the order of their pushes, each endpoint for itself") {
  StoreDriver driver;
  driver.push("a", "a1");
  driver.push("b", "b1");
  driver.push("a", "a2");
  driver.push("a", "a3");
  driver.push("b", "b2");
  CHECK(driver.drain("b") == Texts{"b1", "b2"});
  CHECK(driver.drain("a") == Texts{"a1", "a2", "a3"});
}

TEST_CASE("a claim of an empty endpoint gets nothing, at once") {
  StoreDriver driver;
  CHECK(driver.claim("a").empty());
  CHECK(driver.remaining == 0);
  driver.push("a", "1");
  CHECK(driver.claim("b").empty());
  CHECK(driver.claim("a", 0).empty());
}

TEST_CASE("a claim takes as many as it asks for and are there, in order, and says what is left") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2", "3", "4", "5"}});
  CHECK(bodies(driver.claim("a", 2)) == Texts{"1", "2"});
  CHECK(driver.remaining == 3);
  CHECK(bodies(driver.claim("a", 9)) == Texts{"3", "4", "5"});
  CHECK(driver.remaining == 0);
}

TEST_CASE("a claim stops before its bodies get too large, but always gives the first") {
  StoreDriver driver;
  driver.push("a", "12345", {.more = {"", "123", "45", "6", "1234567"}});
  const auto claim = [&driver](std::size_t max_bytes) {
    return bodies(driver.claim({.endpoint = endpoint("a"), .max = 9, .max_bytes = max_bytes}));
  };
  CHECK(claim(3) == Texts{"12345"});
  CHECK(claim(5) == Texts{"", "123", "45"});
  CHECK(claim(7) == Texts{"6"});
  CHECK(claim(0) == Texts{"1234567"});
}

TEST_CASE("a claimed message is hidden from other claims") {
  StoreDriver driver;
  driver.push("a", "1");
  driver.push("a", "2");
  CHECK(driver.take("a").body == "1");
  CHECK(driver.take("a").body == "2");
  CHECK(driver.claim("a").empty());
}

TEST_CASE("bodies are any bytes and come as they were, with their content type") {
  StoreDriver driver;
  Texts all = {"", std::string("\0", 1), "a\r\nb\n", "\xff\xfe\x80", std::string(1 << 20, 'x')};
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  all.push_back(every_byte);
  for (const std::string& body : all) driver.push("a", body, {.content_type = "image/png"});
  for (const std::string& body : all) {
    const auto taken = driver.take("a");
    CHECK(taken.body == body);
    CHECK(taken.content_type == "image/png");
  }
  driver.push("a", "plain");
  CHECK(driver.take("a").content_type.empty());
}

TEST_CASE("a split push is in order and its answer names the first and the last") {
  StoreDriver driver;
  const auto one = driver.push("a", "1").value();
  CHECK(one.count == 1);
  CHECK(one.first_id == one.last_id());
  CHECK_FALSE(one.replayed);
  const auto three = driver.push("a", "2", {.more = {"3", "4"}}).value();
  CHECK(three.count == 3);
  const auto seen = driver.claim("a", 9);
  CHECK(bodies(seen) == Texts{"1", "2", "3", "4"});
  if (three.first_id == 0) return;
  CHECK(seen[0].id == std::to_string(one.first_id));
  CHECK(seen[1].id == std::to_string(three.first_id));
  CHECK(seen[3].id == std::to_string(three.last_id()));
}

TEST_CASE("each message of a split push has its own content type, delay and ttl") {
  StoreDriver driver;
  Push push = StoreDriver::push_of("a", "now");
  push.more.push_back({"later", "text/html", seconds(5), std::nullopt});
  push.more.push_back({"short", "", Duration::zero(), seconds(1)});
  bool done = false;
  driver.store().push(Push(push), [&done](const Expected<Pushed>&) { done = true; });
  REQUIRE(driver.rig().turn_until([&done] { return done; }));
  driver.pass(seconds(2));
  CHECK(driver.drain("a") == Texts{"now"});
  driver.pass(seconds(3));
  const auto later = driver.take("a");
  CHECK(later.body == "later");
  CHECK(later.content_type == "text/html");
}

TEST_CASE("an id belongs to one message for ever") {
  StoreDriver driver;
  std::vector<std::string> ids;
  for (int round = 0; round < 5; ++round) {
    driver.push("a", "x");
    driver.push("b", "x");
    for (const std::string name : {"a", "b"}) {
      const auto taken = driver.take(name);
      CHECK(std::find(ids.begin(), ids.end(), taken.id) == ids.end());
      ids.push_back(taken.id);
      driver.settle(name, {taken.receipt});
    }
  }
}

TEST_CASE("age counts from the push") {
  StoreDriver driver;
  driver.push("a", "1", {.delay = seconds(2)});
  driver.pass(seconds(7));
  const auto taken = driver.take("a");
  if (!taken.age) return;
  CHECK(*taken.age == seconds(7));
  driver.give_back("a", taken.receipt);
  driver.pass(seconds(1));
  CHECK(driver.take("a").age == seconds(8));
}

TEST_CASE("a store that can be used is healthy") {
  StoreDriver driver;
  CHECK_FALSE(driver.store().health().has_value());
}
