// What a LocalStore with a file promises beyond Store: what is there after it has ended, in order
// or not, and what need not be.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/file_driver.h"

using namespace pistachio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

namespace {

constexpr Duration kMoment = milliseconds(1);

}  // namespace

TEST_CASE("what was acknowledged is there after the end: order, id, type, age, attempts") {
  const bool kill = GENERATE(false, true);
  INFO("killed: " << kill);
  FileDriver driver;
  driver.push("a", "first", {.content_type = "image/png"});
  driver.push("a", std::string("\0\xff\n", 3), {.more = {"", "third"}});
  driver.push("b", std::string(100'000, 'x'));
  driver.give_back("a", driver.take("a").receipt, {.counted = true});
  driver.pass(seconds(5));
  driver.end(kill, seconds(7));
  const auto seen = driver.peek("a");
  REQUIRE(bodies(seen) == Texts{"first", std::string("\0\xff\n", 3), "", "third"});
  CHECK(seen[0].content_type == "image/png");
  CHECK(seen[1].content_type.empty());
  CHECK(seen[0].id == "1");
  CHECK(seen[3].id == "4");
  CHECK(seen[0].attempt == 1);
  CHECK(seen[1].attempt == 0);
  CHECK(seen[0].age == seconds(12));
  CHECK(driver.drain("a") == bodies(seen));
  CHECK(driver.drain("b") == Texts{std::string(100'000, 'x')});
}

TEST_CASE("a message that is settled before its batch is made is never written") {
  FileDriver driver({.hold_back = ChangeList::kHoldBack, .patience = Journal::kPatience});
  for (int i = 0; i < 100; ++i) {
    const auto [answer, receipt] = driver.push_to_listener("a", "x");
    CHECK_FALSE(answer->has_value());
    driver.settle_quietly("a", receipt);
    CHECK(answer->has_value());
  }
  driver.pass(seconds(1));
  CHECK(driver.counts_of_file().spared == 100);
  CHECK(driver.counts_of_file().written == 0);
  driver.push("a", "rests");
  CHECK(driver.counts_of_file().written == 1);
}

TEST_CASE("a push whose listener lingers is answered once it is written, a little later") {
  FileDriver driver({.hold_back = ChangeList::kHoldBack});
  const auto [answer, receipt] = driver.push_to_listener("a", "x");
  driver.pass(ChangeList::kHoldBack - kMoment);
  CHECK_FALSE(answer->has_value());
  CHECK(driver.store().next_wish() == Deadline::in(kMoment, driver.now()));
  driver.pass(kMoment);
  REQUIRE(answer->has_value());
  CHECK(driver.counts_of_file().written == 1);
  driver.end(true);
  CHECK(driver.drain("a") == Texts{"x"});
}

TEST_CASE("a message that its listener gives back is written at once") {
  FileDriver driver({.hold_back = hours(1)});
  const auto [answer, receipt] = driver.push_to_listener("a", "x");
  driver.rig().turn_until_idle();
  CHECK_FALSE(answer->has_value());
  driver.give_back("a", receipt);
  driver.rig().turn_until_idle();
  CHECK(answer->has_value());
  CHECK(driver.counts_of_file().written == 1);
}

TEST_CASE("ids are not used twice, though nothing was written before a kill") {
  FileDriver driver({.hold_back = hours(1)});
  std::uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i) {
      const auto [answer, receipt] = driver.push_to_listener("a", "x");
      driver.settle_quietly("a", receipt);
      const std::uint64_t id = (*answer)->value().first_id;
      CHECK(id > last);
      last = id;
    }
    driver.end(true);
  }
}

TEST_CASE("after an end in order ids go on without a gap") {
  FileDriver driver;
  CHECK(driver.push("a", "x").value().first_id == 1);
  driver.end(false);
  CHECK(driver.push("a", "x").value().first_id == 2);
}

TEST_CASE("an idempotency key lives for the rest of its ten minutes") {
  const bool kill = GENERATE(false, true);
  FileDriver driver;
  driver.push("a", "x", {.more = {"y"}, .key = "k"});
  driver.drain("a");
  driver.end(kill, minutes(9));
  const auto again = driver.push("a", "x", {.key = "k"}).value();
  CHECK(again.replayed);
  CHECK(again.count == 2);
  CHECK(again.first_id == 1);
  CHECK(driver.push("a", "x", {.key = "k", .fingerprint = "other"}).error().code ==
        Errc::key_reused);
  CHECK_FALSE(driver.push("b", "x", {.key = "k"}).value().replayed);
  driver.end(kill, minutes(1));
  CHECK_FALSE(driver.push("a", "x", {.key = "k"}).value().replayed);
}

TEST_CASE("a key is written before its push is answered, though its message was settled at once") {
  FileDriver driver({.hold_back = hours(1)});
  const auto [answer, receipt] = driver.push_to_listener("a", "x", {.key = "k"});
  driver.settle_quietly("a", receipt);
  CHECK_FALSE(answer->has_value());
  driver.rig().turn_until_idle();
  REQUIRE(answer->has_value());
  CHECK(driver.counts_of_file().written == 0);
  driver.end(true);
  CHECK(driver.push("a", "x", {.key = "k"}).value().replayed);
  CHECK(driver.drain("a").empty());
}

TEST_CASE("a kill while a listener holds a message does not leave its key without it") {
  FileDriver driver({.hold_back = hours(1)});
  const auto [answer, receipt] = driver.push_to_listener("a", "x", {.key = "k"});
  driver.rig().turn_until_idle();  // in no time: what is held back is held back still
  driver.end(true);
  driver.push("a", "x", {.key = "k"});  // as a client does that has had no answer
  CHECK(driver.drain("a") == Texts{"x"});
}

TEST_CASE("no key is in the file without its messages, however large the batch would be") {
  FileDriver driver;
  const std::string large(3 << 20, 'x');
  for (const char* key : {"k1", "k2", "k3", "k4"}) driver.ask_push("a", large, {.key = key});
  driver.file.turn();  // the first batch has gone, without the last of them
  driver.file.turn();
  REQUIRE(driver.file.wait_for_thread());
  driver.end(true);
  for (const char* key : {"k1", "k2", "k3", "k4"}) driver.push("a", large, {.key = key});
  CHECK(driver.drain("a").size() == 4);
}

TEST_CASE("the rest of a push is in the file when one of its messages is answered as settled") {
  FileDriver driver;
  const std::string large(3 << 20, 'x');
  for (int i = 0; i < 2; ++i) driver.ask_push("a", large);  // a batch of their own
  driver.ask_push("b", "1", {.more = {"2"}, .key = "k"});
  std::vector<Receipt> taken;
  driver.store().claim({.endpoint = endpoint("b"), .max = 2}, [&](const Expected<Claimed>& got) {
    for (const Delivered& each : got->messages) taken.push_back(each.receipt);
  });
  driver.file.turn();
  REQUIRE(taken.size() == 2);
  bool settled = false;
  driver.store().settle(endpoint("b"), {taken.back()},
                        [&](const Expected<std::vector<Receipt>>&) { settled = true; });
  driver.file.turn();
  driver.file.turn();
  REQUIRE(driver.file.wait_for_thread());
  driver.file.turn();
  REQUIRE(settled);
  driver.end(true);
  driver.push("b", "1", {.more = {"2"}, .key = "k"});
  CHECK(driver.drain("b") == Texts{"1"});
}

TEST_CASE("a settlement is not answered before the key of its message is written") {
  FileDriver driver({.hold_back = hours(1)});
  const auto [answer, receipt] = driver.push_to_listener("a", "x", {.key = "k"});
  bool settled = false;
  driver.store().settle(endpoint("a"), {receipt},
                        [&](const Expected<std::vector<Receipt>>&) { settled = true; });
  driver.file.turn();
  CHECK_FALSE(settled);
  driver.rig().turn_until_idle();
  REQUIRE(settled);
  CHECK(driver.counts_of_file().written == 0);
  driver.end(true);
  CHECK(driver.push("a", "x", {.key = "k"}).value().replayed);
  CHECK(driver.drain("a").empty());
}

TEST_CASE("delays go on while the process is down, and what came due joins in that order") {
  const bool kill = GENERATE(false, true);
  FileDriver driver;
  driver.push("a", "in 9", {.delay = seconds(9)});
  driver.push("a", "in 3", {.delay = seconds(3)});
  driver.push("a", "in 2", {.delay = seconds(2)});
  driver.push("a", "now");
  driver.end(kill, seconds(5));
  CHECK(driver.drain("a") == Texts{"now", "in 2", "in 3"});
  driver.pass(seconds(4) - kMoment);
  CHECK(driver.drain("a").empty());
  driver.pass(kMoment);
  CHECK(driver.drain("a") == Texts{"in 9"});
}

TEST_CASE("what was delayed and has joined stays before what was pushed after it joined") {
  FileDriver driver;
  driver.push("a", "late", {.delay = seconds(1)});
  driver.push("a", "first");
  driver.pass(seconds(1));
  driver.push("a", "last");
  driver.end(true);
  CHECK(driver.drain("a") == Texts{"first", "late", "last"});
}

TEST_CASE("a ttl ends while the process is down, but not that of a message somebody took") {
  FileDriver driver;
  driver.push("a", "taken", {.ttl = seconds(5)});
  driver.take("a");
  driver.push("a", "short", {.ttl = seconds(5)});
  driver.push("a", "long", {.ttl = seconds(50)});
  driver.rig().turn_until_idle();
  driver.end(true, seconds(10));
  CHECK(driver.drain("a") == Texts{"taken", "long"});
  CHECK(driver.totals().expired == 1);
}

TEST_CASE(
    "leased messages are given back uncounted by the end, in their places, receipts are gone") {
  const bool kill = GENERATE(false, true);
  FileDriver driver({.store = {.max_attempts = 1}});
  driver.push("a", "1", {.more = {"2", "3"}});
  const auto leased = driver.claim("a", 2, hours(1));
  driver.end(kill);
  CHECK(driver.settle("a", receipts(leased)) == receipts(leased));
  const auto again = driver.claim("a", 3);
  CHECK(bodies(again) == Texts{"1", "2", "3"});
  CHECK(again[0].attempt == 1);
}

TEST_CASE("dead letters and what was redriven are where they were") {
  FileDriver driver;
  driver.push("a", "1", {.more = {"2", "3"}});
  for (int i = 0; i < 2; ++i) {
    driver.give_back("a", driver.take("a").receipt, {.counted = true, .dead = true});
  }
  driver.end(true);
  REQUIRE(bodies(driver.peek("a.dead")) == Texts{"1", "2"});
  CHECK(driver.peek("a.dead")[0].attempt == 1);
  CHECK(driver.redrive("a.dead") == 2);
  driver.end(true);
  CHECK(bodies(driver.peek("a")) == Texts{"3", "1", "2"});
  CHECK(driver.peek("a")[1].attempt == 0);
  CHECK(driver.drain("a") == Texts{"3", "1", "2"});
}

TEST_CASE("what was settled, removed or purged with an answer does not come back") {
  FileDriver driver({.patience = hours(1)});
  driver.push("a", "settled", {.more = {"removed", "given back", "stays"}});
  driver.push("b", "purged", {.more = {"purged"}});
  driver.settle("a", {driver.take("a").receipt});
  REQUIRE(driver.remove("a", "2").has_value());
  REQUIRE(driver.give_back("a", driver.take("a").receipt, {.hidden = hours(1)}).has_value());
  CHECK(driver.purge("b") == 2);
  driver.end(true);
  CHECK(driver.drain("a") == Texts{"stays"});
  CHECK(driver.counts("a").delayed == 1);
  CHECK(driver.drain("b").empty());
}

TEST_CASE("a plain poll's settlement is written within a moment, and at the end in any case") {
  FileDriver driver({.patience = Journal::kPatience});
  driver.push("a", "1");
  driver.settle_quietly("a", driver.take("a").receipt);
  driver.rig().turn_until_idle();
  CHECK(driver.store().next_wish() == Deadline::in(Journal::kPatience, driver.now()));
  SECTION("a kill before that brings the message back") {
    driver.end(true);
    CHECK(driver.drain("a") == Texts{"1"});
  }
  SECTION("a kill after that does not") {
    driver.pass(Journal::kPatience);
    driver.end(true);
    CHECK(driver.drain("a").empty());
  }
  SECTION("an end in order does not") {
    driver.end(false);
    CHECK(driver.drain("a").empty());
  }
}

TEST_CASE("a push that is unanswered at an end in order is there afterwards") {
  FileDriver driver({.hold_back = hours(1)});
  driver.push_to_listener("a", "x");
  driver.end(false);
  CHECK(driver.drain("a") == Texts{"x"});
}

TEST_CASE("a namespace sees its own endpoints and keys, and leaves the others'") {
  FileDriver driver;
  driver.push("a", "none", {.key = "k"});
  driver.file.options().name_space = "one";
  driver.end(false);
  CHECK(driver.list().empty());
  CHECK_FALSE(driver.push("a", "one", {.key = "k"}).value().replayed);
  driver.file.options().name_space = "on";
  driver.end(false);
  CHECK(driver.list().empty());
  driver.file.options().name_space = "one";
  driver.end(true);
  CHECK(driver.push("a", "one", {.key = "k"}).value().replayed);
  CHECK(driver.drain("a") == Texts{"one"});
  driver.file.options().name_space = {};
  driver.end(false);
  CHECK(driver.drain("a") == Texts{"none"});
}

TEST_CASE("crowds that push again and again share their batches") {
  FileDriver driver({.gather = Journal::kGather});
  std::vector<FileDriver::Answer> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(driver.ask_push("a", "x"));
  REQUIRE(driver.rig().turn_until([&] { return answers.back()->has_value(); }));
  const auto early = driver.ask_push("a", "x");
  driver.rig().turn_until_idle();
  CHECK_FALSE(early->has_value());
  SECTION("they wait for the others for a moment") {
    driver.pass(Journal::kGather);
    CHECK(early->has_value());
  }
  SECTION("and not once these are there") {
    for (int i = 0; i < 19; ++i) driver.ask_push("a", "x");
    driver.rig().turn_until_idle();
    CHECK(early->has_value());
  }
}
