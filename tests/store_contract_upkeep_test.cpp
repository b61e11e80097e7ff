// What every store promises, part five: purge, remove, peek, counts, list.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/store_driver.h"

using namespace pistachio;
using std::chrono::hours;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

namespace {

Texts names(const std::vector<EndpointCounts>& listed) {
  Texts all;
  for (const EndpointCounts& each : listed) all.push_back(each.name);
  return all;
}

}  // namespace

TEST_CASE("a purge removes what is queued and delayed, and what is leased stays") {
  StoreDriver driver;
  CHECK(driver.purge("a") == 0);
  driver.push("a", "leased", {.more = {"returned", "hidden", "queued"}});
  driver.push("a", "delayed", {.delay = hours(1)});
  driver.push("b", "other");
  const auto leased = driver.take("a");
  const auto taken = driver.claim("a", 2);
  driver.give_back("a", taken[0].receipt);
  driver.give_back("a", taken[1].receipt, {.hidden = hours(1)});
  CHECK(driver.purge("a") == 4);
  CHECK(driver.purge("a") == 0);
  CHECK(driver.claim("a").empty());
  CHECK(driver.counts("a").leased == 1);
  driver.pass(hours(2));
  CHECK(driver.claim("a").empty());
  driver.give_back("a", leased.receipt);
  CHECK(driver.drain("a") == Texts{"leased"});
  CHECK(driver.drain("b") == Texts{"other"});
}

TEST_CASE("one queued or delayed message can be removed by its id") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2", "3", "4"}});
  driver.push("a", "delayed", {.delay = seconds(1)});
  driver.give_back("a", driver.take("a").receipt);
  const auto seen = driver.peek("a");
  const auto removed = driver.remove("a", seen[2].id);
  if (!removed && removed.error().code == Errc::unsupported) return;
  CHECK(removed.has_value());
  CHECK(driver.remove("a", seen[2].id).error().code == Errc::not_found);
  CHECK(driver.remove("a", seen[4].id).has_value());
  CHECK(driver.remove("a", seen[0].id).has_value());
  driver.pass(seconds(1));
  CHECK(driver.drain("a") == Texts{"2", "4"});
}

TEST_CASE("what is leased, elsewhere, gone or no id cannot be removed") {
  StoreDriver driver;
  driver.push("a", "leased");
  driver.push("b", "elsewhere");
  const auto leased = driver.take("a");
  const std::string elsewhere = driver.peek("b").front().id;
  driver.push("c", "gone");
  const std::string gone = driver.peek("c").front().id;
  driver.drain("c");
  const auto first = driver.remove("a", leased.id);
  REQUIRE_FALSE(first.has_value());
  if (first.error().code == Errc::unsupported) return;
  for (const std::string& id : {leased.id, elsewhere, gone, std::string(), std::string("x"),
                                std::string("-1"), "0" + elsewhere, elsewhere + " ",
                                "+" + elsewhere, std::string("99999999999999999999999999")}) {
    INFO(id);
    const auto removed = driver.remove("a", id);
    REQUIRE_FALSE(removed.has_value());
    CHECK(removed.error().code == Errc::not_found);
  }
  CHECK(driver.remove("b", "0" + elsewhere).error().code == Errc::not_found);
  CHECK(driver.drain("b") == Texts{"elsewhere"});
  CHECK(driver.settle("a", {leased.receipt}).empty());
}

TEST_CASE("a peek shows messages in the order of their push, whatever their state") {
  StoreDriver driver;
  CHECK(driver.peek("a").empty());
  driver.push("a", "delayed", {.delay = hours(1)});
  driver.push("a", "leased", {.more = {"hidden", "returned", "queued"}});
  const auto taken = driver.claim("a", 3);
  driver.give_back("a", taken[1].receipt, {.counted = true, .hidden = hours(1)});
  driver.give_back("a", taken[2].receipt, {.counted = true});
  driver.pass(seconds(3));
  auto seen = driver.peek("a");
  if (!driver.traits().keeps_places) {
    CHECK(bodies(seen) == Texts{"leased", "hidden", "returned", "queued", "delayed"});
    std::rotate(seen.begin(), seen.end() - 1, seen.end());
  }
  REQUIRE(bodies(seen) == Texts{"delayed", "leased", "hidden", "returned", "queued"});
  CHECK(seen[0].state == MessageState::delayed);
  CHECK(seen[1].state == MessageState::leased);
  CHECK(seen[2].state == MessageState::delayed);
  CHECK(seen[3].state == MessageState::queued);
  CHECK(seen[4].state == MessageState::queued);
  CHECK(seen[0].attempt == 0);
  CHECK(seen[1].attempt == 1);
  CHECK(seen[2].attempt == 1);
  CHECK(seen[3].attempt == 1);
  CHECK(seen[4].attempt == 0);
  for (const SeenMessage& each : seen) {
    if (each.age) CHECK(*each.age == seconds(3));
  }
  const Texts first =
      driver.traits().keeps_places ? Texts{"delayed", "leased"} : Texts{"leased", "returned"};
  CHECK(bodies(driver.peek("a", 2)) == first);
  CHECK(driver.peek("a", 0).empty());
}

TEST_CASE("a peek takes nothing and changes nothing") {
  StoreDriver driver;
  driver.push("a", std::string("x\0y", 3), {.content_type = "image/png"});
  driver.push("a", "2");
  driver.rung.clear();
  const auto seen = driver.peek("a");
  CHECK(seen[0].body == std::string("x\0y", 3));
  CHECK(seen[0].content_type == "image/png");
  CHECK(driver.rung.empty());
  const auto taken = driver.take("a");
  if (driver.traits().knows_ids_at_push) CHECK(taken.id == seen[0].id);
  CHECK(taken.attempt == 1);
}

TEST_CASE("counts are zero where nothing is, and carry the name that was asked for") {
  StoreDriver driver;
  const auto counts = driver.counts("nobody");
  CHECK(counts.name == "nobody");
  CHECK(counts.queued == 0);
  CHECK(counts.delayed == 0);
  CHECK(counts.leased == 0);
  CHECK_FALSE(counts.oldest.has_value());
}

TEST_CASE("counts tell queued, delayed and leased messages apart") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2", "3", "4", "5", "6"}});
  driver.push("a", "delayed", {.delay = hours(1)});
  const auto taken = driver.claim("a", 3);
  driver.give_back("a", taken[0].receipt);
  driver.give_back("a", taken[1].receipt, {.hidden = hours(1)});
  const auto counts = driver.counts("a");
  CHECK(counts.queued == 4);
  CHECK(counts.delayed == 2);
  CHECK(counts.leased == 1);
}

TEST_CASE("the oldest queued message gives an endpoint its age, wherever it stands") {
  StoreDriver driver;
  driver.push("a", "delayed", {.delay = seconds(5)});
  driver.pass(seconds(1));
  driver.push("a", "1");
  driver.pass(seconds(1));
  driver.push("a", "2");
  if (!driver.counts("a").oldest) return;
  CHECK(driver.counts("a").oldest == seconds(1));
  driver.pass(seconds(3));
  CHECK(driver.counts("a").oldest == seconds(5));
  const auto taken = driver.claim("a", 3);
  CHECK_FALSE(driver.counts("a").oldest.has_value());
  driver.give_back("a", taken[1].receipt);
  CHECK(driver.counts("a").oldest == seconds(3));
  driver.give_back("a", taken[2].receipt);
  CHECK(driver.counts("a").oldest == seconds(5));
}

TEST_CASE("a list shows the endpoints that hold messages, by name") {
  StoreDriver driver;
  CHECK(driver.list().empty());
  driver.push("b", "1", {.more = {"2"}});
  driver.push("a", "1", {.delay = hours(1)});
  driver.push("B", "1");
  driver.take("B");
  driver.push("c.dead", "1");
  driver.push("gone", "1");
  driver.drain("gone");
  driver.pass(seconds(2));
  const auto all = driver.list();
  CHECK(names(all) == Texts{"B", "a", "b", "c.dead"});
  CHECK(all[0].leased == 1);
  CHECK(all[1].delayed == 1);
  CHECK(all[2].queued == 2);
  if (all[2].oldest) CHECK(*all[2].oldest == seconds(2));
}

TEST_CASE("a list can be turned page by page and be narrowed by a prefix") {
  StoreDriver driver;
  for (const std::string name : {"x", "a.1", "a.2", "a.3", "a", "b"}) driver.push(name, "1");
  CHECK(names(driver.list({.limit = 2})) == Texts{"a", "a.1"});
  CHECK(names(driver.list({.after = "a.1", .limit = 2})) == Texts{"a.2", "a.3"});
  CHECK(names(driver.list({.after = "a.3", .limit = 9})) == Texts{"b", "x"});
  CHECK(names(driver.list({.prefix = "a."})) == Texts{"a.1", "a.2", "a.3"});
  CHECK(names(driver.list({.after = "a.1", .prefix = "a.", .limit = 1})) == Texts{"a.2"});
  CHECK(names(driver.list({.after = "a.25"})) == Texts{"a.3", "b", "x"});
  CHECK(driver.list({.limit = 0}).empty());
  CHECK(driver.list({.after = "x"}).empty());
  CHECK(driver.list({.prefix = "nobody"}).empty());
}
