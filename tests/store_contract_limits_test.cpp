// What every store promises, part four: full endpoints and idempotency keys.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/store_driver.h"

using namespace pistachio;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

TEST_CASE("a full endpoint refuses a push, says when to try again, and stays as it was") {
  StoreDriver driver({.max_queued = 2});
  driver.push("a", "1", {.more = {"2"}});
  driver.rung.clear();
  const auto refused = driver.push("a", "3");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::endpoint_full);
  CHECK(refused.error().message.find("endpoint a ") != std::string::npos);
  CHECK(refused.error().retry_after > Duration::zero());
  CHECK(driver.rung.empty());
  CHECK(driver.push("b", "elsewhere").has_value());
  CHECK(driver.drain("a") == Texts{"1", "2"});
}

TEST_CASE("a split push that does not fit in whole is refused in whole") {
  StoreDriver driver({.max_queued = 3});
  driver.push("a", "1");
  CHECK_FALSE(driver.push("a", "2", {.more = {"3", "4"}}).has_value());
  CHECK(driver.counts("a").queued == 1);
  CHECK(driver.push("a", "2", {.more = {"3"}}).has_value());
  const auto never = driver.push("b", "1", {.more = {"2", "3", "4"}});
  REQUIRE_FALSE(never.has_value());
  CHECK(never.error().code == Errc::too_large);
  CHECK_FALSE(never.error().retry_after.has_value());
  CHECK(driver.list().size() == 1);
}

TEST_CASE("what is delayed fills an endpoint, what is leased does not") {
  StoreDriver driver({.max_queued = 1});
  driver.push("a", "1", {.delay = seconds(5)});
  CHECK_FALSE(driver.push("a", "2").has_value());
  driver.pass(seconds(5));
  CHECK_FALSE(driver.push("a", "2").has_value());
  driver.take("a");
  CHECK(driver.push("a", "2").has_value());
}

TEST_CASE("what comes back, is dead or redriven is never refused") {
  StoreDriver driver({.max_queued = 1, .max_attempts = 1});
  driver.push("a", "1");
  const auto first = driver.take("a");
  driver.push("a", "2");
  CHECK(driver.give_back("a", first.receipt).has_value());
  CHECK(driver.counts("a").queued == 2);
  for (const SeenMessage& each : driver.claim("a", 2)) {
    CHECK(driver.give_back("a", each.receipt, {.counted = true}).has_value());
  }
  CHECK(driver.counts("a.dead").queued == 2);
  driver.push("a", "3");
  CHECK(driver.redrive("a.dead") == 2);
  CHECK(driver.drain("a") == Texts{"3", "1", "2"});
}

TEST_CASE("a push under a key that was used answers as the first did and adds nothing") {
  StoreDriver driver;
  const auto first = driver.push("a", "1", {.more = {"2", "3"}, .key = "k"}).value();
  driver.rung.clear();
  const auto again = driver.push("a", "1", {.more = {"2", "3"}, .key = "k"}).value();
  CHECK_FALSE(first.replayed);
  CHECK(again.replayed);
  CHECK(again.count == 3);
  CHECK(again.first_id == first.first_id);
  CHECK(again.last_id() == first.last_id());
  CHECK(driver.rung.empty());
  CHECK(driver.drain("a") == Texts{"1", "2", "3"});
}

TEST_CASE("a key that comes with something else is refused and nothing is taken") {
  StoreDriver driver;
  driver.push("a", "1", {.key = "k", .fingerprint = "one"});
  const auto refused = driver.push("a", "2", {.key = "k", .fingerprint = "two"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::key_reused);
  CHECK(driver.push("a", "1", {.key = "k", .fingerprint = "one"}).value().replayed);
  CHECK(driver.drain("a") == Texts{"1"});
}

TEST_CASE("a key is known again whatever bytes are in it and in what it covers") {
  StoreDriver driver;
  std::string bytes = "\r\n:%";
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  CHECK_FALSE(driver.push("a", "1", {.key = bytes, .fingerprint = bytes}).value().replayed);
  CHECK(driver.push("a", "1", {.key = bytes, .fingerprint = bytes}).value().replayed);
  bytes.resize(32);
  CHECK_FALSE(driver.push("a", "1", {.key = bytes, .fingerprint = bytes}).value().replayed);
  CHECK(driver.push("a", "1", {.key = bytes, .fingerprint = bytes}).value().replayed);
}

TEST_CASE("a key counts for its endpoint only, and as a whole") {
  StoreDriver driver;
  driver.push("a", "1", {.key = "bk", .fingerprint = "f"});
  CHECK_FALSE(driver.push("b", "1", {.key = "bk", .fingerprint = "f"}).value().replayed);
  CHECK_FALSE(driver.push("ab", "1", {.key = "k", .fingerprint = "f"}).value().replayed);
  CHECK_FALSE(driver.push("a", "1", {.key = "b", .fingerprint = "kf"}).value().replayed);
  CHECK_FALSE(driver.push("a", "1", {.key = "bkf", .fingerprint = "f"}).value().replayed);
  CHECK_FALSE(driver.push("a", "1").value().replayed);
}

TEST_CASE("two pushes of one turn under the same key are one") {
  StoreDriver driver;
  std::vector<Pushed> answers;
  for (int i = 0; i < 2; ++i) {
    driver.store().push(
        StoreDriver::push_of("a", "1", {.key = "k"}),
        [&answers](const Expected<Pushed>& pushed) { answers.push_back(pushed.value()); });
  }
  REQUIRE(driver.rig().turn_until([&answers] { return answers.size() == 2; }));
  CHECK_FALSE(answers[0].replayed);
  CHECK(answers[1].replayed);
  CHECK(answers[1].first_id == answers[0].first_id);
  CHECK(driver.drain("a") == Texts{"1"});
}

TEST_CASE("a key is remembered for ten minutes from its push, replayed or not") {
  StoreDriver driver;
  driver.push("a", "1", {.key = "k"});
  driver.pass(minutes(9));
  CHECK(driver.push("a", "1", {.key = "k"}).value().replayed);
  driver.pass(minutes(1) - milliseconds(1));
  CHECK(driver.push("a", "1", {.key = "k"}).value().replayed);
  driver.pass(milliseconds(1));
  CHECK_FALSE(driver.push("a", "1", {.key = "k", .fingerprint = "another"}).value().replayed);
  CHECK(driver.drain("a") == Texts{"1", "1"});
}

TEST_CASE("a key is remembered whatever became of its message") {
  StoreDriver driver;
  driver.push("settled", "1", {.key = "k"});
  driver.drain("settled");
  driver.push("purged", "1", {.key = "k"});
  driver.purge("purged");
  driver.push("expired", "1", {.ttl = seconds(1), .key = "k"});
  driver.pass(seconds(1));
  for (const std::string name : {"settled", "purged", "expired"}) {
    CHECK(driver.push(name, "1", {.key = "k"}).value().replayed);
  }
  if (!driver.traits().drops_when_ttl_ends) CHECK(driver.claim("expired").empty());
  CHECK(driver.list().empty());
}

TEST_CASE("a refused push leaves its key unused") {
  StoreDriver driver({.max_queued = 1});
  driver.push("a", "1");
  CHECK_FALSE(driver.push("a", "2", {.key = "k"}).has_value());
  driver.drain("a");
  const auto taken = driver.push("a", "2", {.key = "k"});
  REQUIRE(taken.has_value());
  CHECK_FALSE(taken->replayed);
  CHECK(driver.push("a", "2", {.key = "k"}).value().replayed);
}

TEST_CASE("more keys than may be remembered are refused until the first have ended") {
  StoreDriver driver({.max_keys = 2});
  if (!driver.traits().bounds_keys) return;
  driver.push("a", "1", {.key = "1"});
  driver.pass(minutes(4));
  driver.push("b", "2", {.key = "2"});
  const auto refused = driver.push("a", "3", {.key = "3"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::endpoint_full);
  CHECK(refused.error().retry_after > Duration::zero());
  CHECK(driver.push("a", "1", {.key = "1"}).value().replayed);
  CHECK(driver.push("a", "3").has_value());
  driver.pass(minutes(6));
  CHECK(driver.push("a", "4", {.key = "3"}).has_value());
  CHECK_FALSE(driver.push("a", "5", {.key = "4"}).has_value());
  CHECK(driver.drain("a") == Texts{"1", "3", "4"});
}
