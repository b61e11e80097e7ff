// What every store promises, part two: who holds a message, how it comes back, when it is dead.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/store_driver.h"

using namespace pistachio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

namespace {

// Takes the first message of `name` and gives it back counted, `times` times.
void fail(StoreDriver& driver, const std::string& name, int times) {
  for (int i = 0; i < times; ++i) {
    REQUIRE(driver.give_back(name, driver.take(name).receipt, {.counted = true}).has_value());
  }
}

}  // namespace

TEST_CASE("a settled message is gone for good") {
  StoreDriver driver;
  driver.push("a", "1");
  const auto taken = driver.take("a", seconds(30));
  CHECK(driver.settle("a", {taken.receipt}).empty());
  driver.pass(hours(1));
  CHECK(driver.claim("a").empty());
  CHECK(driver.peek("a").empty());
}

TEST_CASE("a message can be settled without anybody waiting for the answer") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2", "3"}});
  const auto taken = driver.claim("a", 3);
  driver.store().settle(endpoint("a"), taken[0].receipt);
  driver.store().settle(endpoint("a"), {taken[1].receipt}, {});
  driver.store().give_back(endpoint("a"), taken[2].receipt, {}, {});
  driver.rig().turn_until_idle();
  CHECK(bodies(driver.peek("a")) == Texts{"3"});
  CHECK(driver.drain("a") == Texts{"3"});
}

TEST_CASE("settling says which receipts no longer held a message of the endpoint") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2", "3", "4", "5"}});
  driver.push("b", "other");
  const auto all = receipts(driver.claim("a", 4));
  const Receipt other = driver.take("b").receipt;
  const Receipt expired = driver.take("a", seconds(1)).receipt;
  driver.pass(seconds(1));
  REQUIRE(driver.settle("a", {all[0]}).empty());
  REQUIRE(driver.give_back("a", all[1]).has_value());
  const Receipt unknown{};
  const auto gone =
      driver.settle("a", {all[0], all[1], other, all[2], expired, unknown, all[3], all[3]});
  CHECK(gone == std::vector<Receipt>{all[0], all[1], other, expired, unknown, all[3]});
  CHECK(driver.settle("a", {}).empty());
  CHECK(driver.settle("b", {other}).empty());
  const Texts expected = driver.traits().keeps_places ? Texts{"2", "5"} : Texts{"5", "2"};
  CHECK(driver.drain("a") == expected);
}

TEST_CASE("a receipt is good for one delivery") {
  StoreDriver driver;
  driver.push("a", "1");
  const Receipt first = driver.take("a").receipt;
  driver.give_back("a", first);
  const Receipt second = driver.take("a").receipt;
  CHECK_FALSE(first == second);
  CHECK(driver.settle("a", {first}) == std::vector<Receipt>{first});
  CHECK(driver.settle("a", {second}).empty());
}

TEST_CASE("a receipt that holds no message of the endpoint can neither give back nor extend") {
  StoreDriver driver;
  driver.push("a", "1");
  const Receipt ended = driver.take("a", seconds(1)).receipt;
  driver.pass(seconds(1));
  const Receipt given_back = driver.take("a").receipt;
  driver.give_back("a", given_back);
  const Receipt settled = driver.take("a").receipt;
  driver.settle("a", {settled});
  driver.push("b", "2");
  const Receipt elsewhere = driver.take("b").receipt;
  for (const Receipt& receipt : {ended, given_back, settled, elsewhere, Receipt{}}) {
    CHECK(driver.give_back("a", receipt).error().code == Errc::gone);
    CHECK(driver.extend("a", receipt, seconds(9)).error().code == Errc::gone);
  }
  CHECK(driver.settle("b", {elsewhere}).empty());
}

TEST_CASE("a receipt with one bit wrong holds nothing") {
  StoreDriver driver;
  driver.push("a", "1");
  const Receipt right = driver.take("a").receipt;
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Receipt wrong = right;
    wrong.bits[bit / 8] = static_cast<std::uint8_t>(wrong.bits[bit / 8] ^ (1u << bit % 8));
    CHECK(driver.settle("a", {wrong}).size() == 1);
  }
  CHECK(driver.settle("a", {right}).empty());
}

TEST_CASE("a message that is given back is first again, before everything pushed after it") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2", "3", "4", "5"}});
  const auto taken = driver.claim("a", 4);
  driver.push("a", "6");
  for (const std::size_t i : {2u, 0u, 3u, 1u}) {
    REQUIRE(driver.give_back("a", taken[i].receipt).has_value());
  }
  Texts expected{"1", "2", "3", "4", "5", "6"};
  if (!driver.traits().keeps_places) expected = {"2", "4", "1", "3", "5", "6"};
  CHECK(driver.drain("a") == expected);
}

TEST_CASE("a message keeps its id however often it is given back") {
  StoreDriver driver;
  driver.push("a", "1");
  const auto first = driver.take("a");
  driver.give_back("a", first.receipt, {.counted = true});
  const auto second = driver.take("a");
  driver.give_back("a", second.receipt, {.hidden = seconds(1)});
  driver.pass(seconds(1));
  const auto third = driver.take("a");
  CHECK(first.id == second.id);
  CHECK(first.id == third.id);
}

TEST_CASE("an attempt is counted when its listener says so or its lease ends, and only then") {
  StoreDriver driver;
  driver.push("a", "1");
  const auto first = driver.take("a");
  CHECK(first.attempt == 1);
  driver.give_back("a", first.receipt);
  const auto second = driver.take("a");
  CHECK(second.attempt == 1);
  driver.give_back("a", second.receipt, {.counted = true});
  CHECK(driver.take("a", seconds(1)).attempt == 2);
  driver.pass(seconds(1));
  CHECK(driver.take("a").attempt == 3);
}

TEST_CASE("a lease ends at its time, neither before nor after") {
  StoreDriver driver;
  driver.push("a", "1");
  driver.take("a", milliseconds(1500));
  driver.pass(milliseconds(1499));
  CHECK(driver.claim("a").empty());
  driver.pass(milliseconds(1));
  CHECK(driver.take("a").body == "1");
}

TEST_CASE("a lease without a duration does not end by itself") {
  StoreDriver driver;
  driver.push("a", "1");
  const auto taken = driver.take("a");
  driver.pass(hours(24 * 365));
  CHECK(driver.claim("a").empty());
  CHECK(driver.settle("a", {taken.receipt}).empty());
}

TEST_CASE("an extended lease ends that long from then instead, earlier or later") {
  StoreDriver driver;
  driver.push("a", "1");
  const Receipt longer = driver.take("a", seconds(10)).receipt;
  driver.pass(seconds(9));
  REQUIRE(driver.extend("a", longer, seconds(10)).has_value());
  driver.pass(seconds(9));
  CHECK(driver.claim("a").empty());
  driver.pass(seconds(1));
  const Receipt shorter = driver.take("a", seconds(10)).receipt;
  REQUIRE(driver.extend("a", shorter, seconds(1)).has_value());
  driver.pass(seconds(1));
  const Receipt tied = driver.take("a").receipt;
  REQUIRE(driver.extend("a", tied, seconds(1)).has_value());
  driver.pass(seconds(1));
  CHECK(driver.take("a").body == "1");
}

TEST_CASE("leases that have ended give their messages back to their places") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2", "3"}});
  driver.take("a", seconds(9));
  driver.take("a", seconds(3));
  driver.take("a", seconds(6));
  driver.push("a", "4");
  driver.pass(seconds(9));
  CHECK(driver.drain("a") == Texts{"1", "2", "3", "4"});
}

TEST_CASE("a message given back to be retried is hidden, then comes before what was pushed after") {
  StoreDriver driver;
  driver.push("a", "1", {.more = {"2"}});
  driver.give_back("a", driver.take("a").receipt, {.counted = true, .hidden = seconds(5)});
  CHECK(driver.take("a").body == "2");
  driver.push("a", "3");
  driver.pass(milliseconds(4999));
  CHECK(driver.counts("a").delayed == 1);
  driver.pass(milliseconds(1));
  const auto again = driver.take("a");
  CHECK(again.body == "1");
  CHECK(again.attempt == 2);
  CHECK(driver.drain("a") == Texts{"3"});
}

TEST_CASE("a message counted as often as allowed is a dead letter with its id and attempts") {
  StoreDriver driver({.max_attempts = 3});
  driver.push("a", "old");
  fail(driver, "a", 3);
  driver.push("a", "1", {.content_type = "text/html"});
  driver.push("a", "2");
  std::string id = driver.peek("a").front().id;
  fail(driver, "a", 1);
  if (!driver.traits().knows_ids_at_push) id = driver.peek("a").front().id;
  fail(driver, "a", 1);
  CHECK(driver.peek("a.dead").size() == 1);
  fail(driver, "a", 1);
  CHECK(bodies(driver.peek("a.dead")) == Texts{"old", "1"});
  CHECK(driver.peek("a.dead")[1].id == id);
  CHECK(driver.peek("a.dead")[1].attempt == 3);
  CHECK(driver.peek("a.dead")[1].content_type == "text/html");
  CHECK(driver.take("a.dead").body == "old");
  CHECK(driver.take("a.dead").attempt == 4);
  CHECK(driver.drain("a") == Texts{"2"});
}

TEST_CASE("a lease that ends counts towards the dead letters, in the order of the deadlines") {
  StoreDriver driver({.max_attempts = 1});
  driver.push("a", "1", {.more = {"2", "3"}});
  driver.take("a", seconds(9));
  driver.take("a", seconds(3));
  driver.take("a", seconds(6));
  driver.pass(seconds(20));
  CHECK(driver.claim("a").empty());
  CHECK(driver.drain("a.dead") == Texts{"2", "3", "1"});
}

TEST_CASE("a retry that was the last one allowed is a dead letter at once") {
  StoreDriver driver({.max_attempts = 1});
  driver.push("a", "1");
  driver.give_back("a", driver.take("a").receipt, {.counted = true, .hidden = seconds(60)});
  CHECK(driver.drain("a.dead") == Texts{"1"});
}

TEST_CASE("what is not counted never makes a dead letter") {
  StoreDriver driver({.max_attempts = 1});
  driver.push("a", "1");
  for (int i = 0; i < 10; ++i) driver.give_back("a", driver.take("a").receipt);
  CHECK(driver.peek("a.dead").empty());
}

TEST_CASE("without a limit of attempts none makes a dead letter") {
  StoreDriver driver;
  driver.push("a", "1");
  fail(driver, "a", 100);
  CHECK(driver.take("a").attempt == 101);
}

TEST_CASE("a listener can make a dead letter at any setting") {
  StoreDriver driver;
  driver.push("a", "1");
  fail(driver, "a", 2);
  driver.give_back("a", driver.take("a").receipt, {.dead = true});
  CHECK(driver.claim("a").empty());
  CHECK(driver.peek("a.dead").front().attempt == 2);
}

TEST_CASE("dead letters have no dead letters of their own: they go back to their places") {
  StoreDriver driver({.max_attempts = 1});
  driver.push("a.dead", "1", {.more = {"2", "3"}});
  const auto taken = driver.claim("a.dead", 2);
  driver.give_back("a.dead", taken[1].receipt, {.counted = true, .dead = true});
  driver.give_back("a.dead", taken[0].receipt, {.counted = true});
  driver.take("a.dead", seconds(1));
  driver.pass(seconds(1));
  CHECK(driver.list().size() == 1);
  CHECK(driver.drain("a.dead") == Texts{"1", "2", "3"});
}

TEST_CASE("redriven messages join the endpoint they came from, in order, attempts reset") {
  StoreDriver driver({.max_attempts = 2});
  driver.push("a", "1", {.more = {"2", "3"}});
  auto seen = driver.peek("a");
  for (int i = 0; i < 3; ++i) fail(driver, "a", 2);
  if (!driver.traits().knows_ids_at_push) seen = driver.peek("a.dead");
  driver.push("a", "4");
  driver.push("a.dead", "pushed there");
  CHECK(driver.redrive("a.dead") == 4);
  CHECK(driver.peek("a.dead").empty());
  CHECK(driver.take("a").body == "4");
  const auto first = driver.take("a");
  CHECK(first.body == "1");
  CHECK(first.id == seen[0].id);
  CHECK(first.attempt == 1);
  CHECK(driver.drain("a") == Texts{"2", "3", "pushed there"});
}

TEST_CASE("redriving takes what is queued and delayed, not what is leased") {
  StoreDriver driver;
  CHECK(driver.redrive("a.dead") == 0);
  driver.push("a.dead", "leased", {.more = {"hidden", "queued"}});
  driver.push("a.dead", "delayed", {.delay = hours(1)});
  const auto leased = driver.take("a.dead");
  driver.give_back("a.dead", driver.take("a.dead").receipt, {.hidden = hours(1)});
  CHECK(driver.redrive("a.dead") == 3);
  CHECK(driver.drain("a") == Texts{"hidden", "queued", "delayed"});
  CHECK(driver.redrive("a.dead") == 0);
  driver.give_back("a.dead", leased.receipt);
  CHECK(driver.drain("a.dead") == Texts{"leased"});
}
