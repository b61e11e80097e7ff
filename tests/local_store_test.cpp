// What LocalStore promises beyond Store.

#include "core/store/local_store.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/store_driver.h"

using namespace pistachio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

namespace {

constexpr TimePoint kStart{hours(1)};

// The driver asks, the case looks inside.
class Inside : public StoreDriver {
 public:
  explicit Inside(StoreOptions options = {})
      : StoreDriver(store_factories().front(), options),
        local(dynamic_cast<LocalStore*>(&store())) {
    REQUIRE(local != nullptr);
  }
  LocalStore* const local;
};

}  // namespace

TEST_CASE("ids are numbers that ascend from 1 over all endpoints") {
  Inside inside;
  CHECK(inside.push("a", "x").value().first_id == 1);
  const auto three = inside.push("b", "x", {.more = {"y", "z"}}).value();
  CHECK(three.first_id == 2);
  CHECK(three.last_id() == 4);
  inside.drain("a");
  inside.purge("b");
  CHECK(inside.push("a", "x", {.delay = hours(1)}).value().first_id == 5);
}

TEST_CASE("a run completes all that was asked before it, and nothing that a completion asks") {
  LocalStore store({});
  Texts completed;
  store.push(StoreDriver::push_of("a", "1"), [&](const Expected<Pushed>&) {
    completed.push_back("first");
    store.push(StoreDriver::push_of("a", "2"),
               [&](const Expected<Pushed>&) { completed.push_back("third"); });
  });
  store.counts(endpoint("a"),
               [&](const Expected<EndpointCounts>&) { completed.push_back("second"); });
  CHECK(store.run(kStart));
  CHECK(completed == Texts{"first", "second"});
  CHECK(store.run(kStart));
  CHECK(completed == Texts{"first", "second", "third"});
  CHECK_FALSE(store.run(kStart));
}

TEST_CASE("the bell has rung for a push before its completion is called") {
  LocalStore store({});
  std::string happened;
  store.set_bell([&happened](const EndpointName& name, std::size_t available) {
    happened += "bell " + name.text() + " " + std::to_string(available) + ", ";
  });
  store.push(StoreDriver::push_of("a", "1", {.more = {"2"}}),
             [&happened](const Expected<Pushed>&) { happened += "completion"; });
  CHECK(happened.empty());
  store.run(kStart);
  CHECK(happened == "bell a 2, completion");
}

TEST_CASE("a store without a bell works") {
  LocalStore store({});
  store.push(StoreDriver::push_of("a", "1"), {});
  CHECK(store.run(kStart));
  CHECK(store.totals().queued == 1);
}

TEST_CASE(
    "a store wishes to be called for the first thing that will be due, and for nothing else") {
  Inside inside;
  const auto in = [&inside](Duration span) { return Deadline::in(span, inside.now()); };
  Store& store = inside.store();
  CHECK(store.next_wish().is_never());
  inside.push("plain", "1");
  inside.take("plain");
  CHECK(store.next_wish().is_never());
  inside.push("keyed", "1", {.key = "k"});
  CHECK(store.next_wish() == in(kKeyLifetime));
  inside.push("short", "1", {.ttl = minutes(9)});
  CHECK(store.next_wish() == in(minutes(9)));
  inside.push("delayed", "1", {.delay = minutes(8)});
  CHECK(store.next_wish() == in(minutes(8)));
  inside.push("leased", "1");
  const auto leased = inside.take("leased", minutes(7));
  CHECK(store.next_wish() == in(minutes(7)));
  inside.extend("leased", leased.receipt, minutes(6));
  CHECK(store.next_wish() == in(minutes(6)));
  inside.give_back("leased", leased.receipt, {.hidden = minutes(5)});
  CHECK(store.next_wish() == in(minutes(5)));
  inside.purge("leased");
  CHECK(store.next_wish() == in(minutes(8)));
  inside.take("short");
  inside.remove("delayed", inside.peek("delayed").front().id);
  CHECK(store.next_wish() == in(kKeyLifetime));
  inside.pass(kKeyLifetime);
  CHECK(store.next_wish().is_never());
}

TEST_CASE("a store that has been asked wishes to be called at once") {
  LocalStore store({});
  store.push(StoreDriver::push_of("a", "1"), {});
  CHECK(store.next_wish().reached(kStart));
  store.run(kStart);
  CHECK(store.next_wish().is_never());
}

TEST_CASE("a run that finds nothing due and nothing asked says so") {
  Inside inside;
  inside.push("a", "1", {.delay = seconds(1)});
  CHECK_FALSE(inside.store().run(inside.now() + milliseconds(999)));
  CHECK(inside.store().run(inside.now() + seconds(1)));
  CHECK_FALSE(inside.store().run(inside.now() + hours(1)));
  inside.push("b", "1", {.key = "k"});
  CHECK(inside.store().run(inside.now() + kKeyLifetime));
  CHECK_FALSE(inside.store().run(inside.now() + kKeyLifetime));
}

TEST_CASE("what is due happens before what is asked in the same turn") {
  Inside inside;
  inside.push("a", "leased");
  const auto leased = inside.take("a", seconds(5));
  inside.push("b", "short", {.ttl = seconds(5)});
  inside.push("c", "delayed", {.delay = seconds(5)});
  Store& store = inside.store();
  std::vector<Receipt> gone;
  Texts claimed;
  store.settle(endpoint("a"), {leased.receipt},
               [&gone](const Expected<std::vector<Receipt>>& receipts) { gone = *receipts; });
  for (const std::string name : {"b", "c"}) {
    store.claim({.endpoint = endpoint(name)}, [&claimed](const Expected<Claimed>& result) {
      for (const Delivered& each : result->messages) claimed.emplace_back(each.message.body);
    });
  }
  store.run(inside.now() + seconds(5));
  CHECK(gone.size() == 1);
  CHECK(claimed == Texts{"delayed"});
}

TEST_CASE("what became due while nobody called happens in the order in which it was due") {
  Inside inside({.max_attempts = 1});
  inside.push("a", "leased for 3");
  inside.take("a", seconds(3));
  inside.push("a.dead", "delayed by 2", {.delay = seconds(2)});
  inside.push("a.dead", "delayed by 4", {.delay = seconds(4)});
  inside.pass(hours(1));
  CHECK(inside.drain("a.dead") == Texts{"delayed by 2", "leased for 3", "delayed by 4"});
}

TEST_CASE("only what has a deadline is in the timetable") {
  Inside inside;
  const Timetable& timetable = inside.local->holdings().timetable();
  inside.push("a", "1", {.more = {"2", "3"}});
  const auto taken = inside.claim("a", 2);
  inside.give_back("a", taken[0].receipt, {.counted = true});
  inside.settle("a", {taken[1].receipt});
  CHECK(timetable.size() == 0);
  inside.take("a", seconds(9));
  CHECK(timetable.size() == 1);
  inside.push("a", "4", {.delay = seconds(1), .ttl = seconds(2)});
  CHECK(timetable.size() == 2);
  inside.push("a", "5", {.ttl = Duration::max()});
  CHECK(timetable.size() == 2);
}

TEST_CASE("an endpoint exists as long as it holds messages") {
  Inside inside({.max_attempts = 1});
  const EndpointTable& endpoints = inside.local->holdings().endpoints();
  inside.claim("a");
  inside.peek("a");
  inside.counts("a");
  inside.purge("a");
  inside.redrive("a.dead");
  CHECK(endpoints.size() == 0);
  inside.push("a", "1");
  const auto taken = inside.take("a");
  CHECK(endpoints.size() == 1);
  inside.give_back("a", taken.receipt, {.counted = true});
  CHECK(endpoints.find(endpoint("a")) == nullptr);
  CHECK(endpoints.size() == 1);
  inside.redrive("a.dead");
  CHECK(endpoints.find(endpoint("a.dead")) == nullptr);
  CHECK(endpoints.size() == 1);
  inside.drain("a");
  CHECK(endpoints.size() == 0);
}

TEST_CASE("the totals say what became of every message that was pushed") {
  Inside inside({.max_attempts = 2});
  inside.push("a", "1", {.more = {"2", "3", "4", "5"}});
  inside.push("a", "short", {.ttl = seconds(1)});
  inside.push("a", "delayed", {.delay = seconds(9)});
  inside.push("a", "removed");
  inside.remove("a", "8");
  inside.settle("a", {inside.take("a").receipt});
  inside.give_back("a", inside.take("a").receipt, {.dead = true});
  inside.give_back("a", inside.take("a").receipt, {.dead = true});
  inside.redrive("a.dead");
  inside.take("a");
  inside.pass(seconds(1));
  const StoreTotals totals = inside.local->totals();
  CHECK(totals.pushed == 8);
  CHECK(totals.settled == 1);
  CHECK(totals.expired == 1);
  CHECK(totals.purged == 1);
  CHECK(totals.dead == 2);
  CHECK(totals.redriven == 2);
  CHECK(totals.queued == 3);
  CHECK(totals.delayed == 1);
  CHECK(totals.leased == 1);
}

TEST_CASE("a peek shows dead letters and redriven messages in the order in which they came there") {
  Inside inside;
  inside.push("a", "1", {.more = {"2", "3"}});
  inside.push("a.dead", "4");
  const auto taken = inside.claim("a", 3);
  inside.give_back("a", taken[2].receipt, {.dead = true});
  inside.give_back("a", taken[0].receipt, {.dead = true});
  inside.push("a.dead", "5");
  CHECK(bodies(inside.peek("a.dead")) == Texts{"4", "3", "1", "5"});
  inside.redrive("a.dead");
  CHECK(bodies(inside.peek("a")) == Texts{"2", "4", "3", "1", "5"});
}

TEST_CASE("a refusal for too many keys says when the first will be forgotten") {
  Inside inside({.max_keys = 1});
  inside.push("a", "1", {.key = "1"});
  inside.pass(minutes(4));
  CHECK(inside.push("a", "2", {.key = "2"}).error().retry_after == minutes(6));
  inside.pass(minutes(6) - milliseconds(10));
  CHECK(inside.push("a", "2", {.key = "2"}).error().retry_after == seconds(1));
}

TEST_CASE("messages of the longest name can be dead letters too") {
  Inside inside;
  const std::string longest(EndpointName::kMaxLength, 'n');
  inside.push(longest, "1");
  inside.give_back(longest, inside.take(longest).receipt, {.dead = true});
  const auto listed = inside.list();
  REQUIRE(listed.size() == 1);
  CHECK(listed.front().name == longest + ".dead");
}

TEST_CASE("a small body does not hold on to the large buffer it came in") {
  LocalStore store({});
  Push push = StoreDriver::push_of("a", "small");
  push.message.body.reserve(1 << 20);
  const char* const buffer = push.message.body.data();
  store.push(std::move(push), {});
  bool moved = false;
  store.peek(endpoint("a"), 1, [&](const Expected<std::span<const Peeked>>& peeked) {
    moved = peeked->front().message.body.data() != buffer;
  });
  store.run(kStart);
  CHECK(moved);
}
