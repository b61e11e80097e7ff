// What wakes a poll that waits, and what does not. Each cause is a way in which other queues have
// left a waiting receiver asleep over a message that was there for it.

#include <functional>
#include <string>
#include <vector>

#include "tests/support/broker_house.h"

using namespace pistachio;
using test::Answered;
using test::BrokerHouse;
using test::name;

namespace {

using std::chrono::seconds;

constexpr std::uint64_t kSleeper = 99;

/// Something that makes a message available in "a" (or `wakes`) while a poll waits for it there.
struct Cause {
  std::string what;
  std::function<void(BrokerHouse&)> before;  ///< before the poll waits
  std::function<void(BrokerHouse&)> after;
  std::string wakes = "a";
  std::uint32_t attempt = 1;
};

Push message(const std::string& endpoint, Duration delay = {}) {
  Push push{.endpoint = name(endpoint), .message = {}};
  push.message.body = "one";
  push.message.delay = delay;
  return push;
}

void push(BrokerHouse& house, const std::string& endpoint, Duration delay = {}) {
  house.local.push(message(endpoint, delay),
                   [](const Expected<Pushed>& result) { REQUIRE(result.has_value()); });
}

/// Somebody else takes the message, under a lease of 10 s or as a plain poll.
Answered take(BrokerHouse& house, bool leased, const std::string& endpoint = "a") {
  push(house, endpoint);
  house.poll({endpoint}, 1, seconds(30), 1,
             leased ? std::optional<Duration>(seconds(10)) : std::nullopt);
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  return answers.front();
}

void give_back(BrokerHouse& house, const Receipt& receipt, GiveBack how) {
  house.local.give_back(name("a"), receipt, how, [](const Expected<std::monostate>& result) {
    REQUIRE(result.has_value());
  });
  house.run();
}

std::vector<Cause> causes() {
  // What one step hands to the next.
  static Receipt held;
  static DeliveryId delivery;
  const auto lease = [](BrokerHouse& house) { held = take(house, true).receipt; };
  const auto deliver = [](BrokerHouse& house) { delivery = take(house, false).delivery; };
  const auto lease_then_wait = [](BrokerHouse& house) { house.pass(seconds(10)); };
  return {
      {"a push", [](BrokerHouse&) {}, [](BrokerHouse& house) { push(house, "a"); }},
      {"a delay that comes due", [](BrokerHouse& house) { push(house, "a", seconds(5)); },
       [](BrokerHouse& house) { house.pass(seconds(5)); }},
      {"a delay that comes due, pushed while the poll waited", [](BrokerHouse&) {},
       [](BrokerHouse& house) {
         push(house, "a", seconds(5));
         house.run();
         house.pass(seconds(5));
       }},
      {"a lease that ends", lease, lease_then_wait, "a", 2},
      {"a lease that was made longer and ends", lease,
       [](BrokerHouse& house) {
         house.local.extend(name("a"), held, seconds(20), [](const Expected<std::monostate>&) {});
         house.run();
         house.pass(seconds(10));
         CHECK(house.answers.empty());
         house.pass(seconds(10));
       },
       "a", 2},
      {"a lease that was made shorter and ends", lease,
       [](BrokerHouse& house) {
         house.local.extend(name("a"), held, seconds(2), [](const Expected<std::monostate>&) {});
         house.run();
         house.pass(seconds(2));
       },
       "a", 2},
      {"a release", lease, [](BrokerHouse& house) { give_back(house, held, {}); }},
      {"a retry that comes due", lease,
       [](BrokerHouse& house) {
         give_back(house, held, {.counted = true, .hidden = seconds(3)});
         CHECK(house.answers.empty());
         house.pass(seconds(3));
       },
       "a", 2},
      {"a client that did not receive its message", deliver,
       [](BrokerHouse& house) { house.broker.returned(delivery, /*counted=*/false); }},
      {"a client that broke off after it had received its message", deliver,
       [](BrokerHouse& house) { house.broker.returned(delivery, /*counted=*/true); }, "a", 2},
      {"a redrive", [](BrokerHouse& house) { push(house, "a.dead"); },
       [](BrokerHouse& house) {
         house.local.redrive(name("a.dead"), [](const Expected<std::size_t>& moved) {
           REQUIRE(moved.value() == 1);
         });
       }},
      {"a dead letter, at the dead letters' endpoint", lease,
       [](BrokerHouse& house) { give_back(house, held, {.counted = true, .dead = true}); },
       "a.dead", 2},
      {"the last attempt, at the dead letters' endpoint", lease,
       [](BrokerHouse& house) {
         give_back(house, held, {.counted = true});
         house.take();
         house.pass(seconds(10));
       },
       "a.dead", 3},
  };
}

}  // namespace

TEST_CASE("a poll that waits is woken at once by whatever makes a message available") {
  for (const Cause& cause : causes()) {
    INFO(cause.what);
    BrokerHouse house(false, {}, {.max_attempts = 2});
    cause.before(house);
    house.poll({"z", cause.wakes}, kSleeper, seconds(300));
    house.run();
    REQUIRE(house.answers.empty());
    if (cause.what.starts_with("the last attempt"))
      house.poll({"a"}, 2, seconds(300), 1, seconds(10));
    cause.after(house);
    house.run();
    const auto answers = house.take();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].caller == kSleeper);
    CHECK(answers[0].body == "one");
    CHECK(answers[0].endpoint == cause.wakes);
    CHECK(answers[0].attempt == cause.attempt);
    CHECK(house.broker.polls() == 0);
  }
}

TEST_CASE("a poll that waits is not woken by anything else, and then still gets its message") {
  BrokerHouse house;
  const Receipt held = take(house, true).receipt;
  const Receipt elsewhere = take(house, true, "b").receipt;
  house.poll({"a"}, kSleeper, seconds(300));
  house.run();
  const std::vector<std::pair<std::string, std::function<void()>>> others{
      {"a push to another endpoint", [&] { push(house, "b"); }},
      {"a push to its dead letters", [&] { push(house, "a.dead"); }},
      {"a push that is delayed", [&] { push(house, "a", seconds(200)); }},
      {"a lease that is made longer",
       [&] { house.local.extend(name("a"), held, seconds(100), {}); }},
      {"a lease elsewhere that ends", [&] { house.now += seconds(10); }},
      {"a message that is settled", [&] { house.local.settle(name("a"), held); }},
      {"a receipt that is not of its endpoint",
       [&] { house.local.give_back(name("a"), elsewhere, {}, {}); }},
      {"a peek", [&] { house.local.peek(name("a"), 10, {}); }},
      {"a purge", [&] { house.local.purge(name("a"), {}); }},
      {"a redrive of nothing", [&] { house.local.redrive(name("b.dead"), {}); }},
      {"a poll beside it that leaves",
       [&] { house.broker.cancel(house.poll({"a"}, 2, seconds(300))); }},
  };
  for (const auto& [what, happens] : others) {
    INFO(what);
    happens();
    house.run();
    CHECK(house.take().empty());
    CHECK(house.broker.waiting(name("a")) == 1);
  }
  push(house, "a");
  house.run();
  CHECK(house.take().size() == 1);
}

TEST_CASE("one message wakes one poll, however many wait and whatever made it available") {
  BrokerHouse house;
  const Receipt held = take(house, true).receipt;
  for (std::uint64_t caller = 2; caller <= 10; ++caller) house.poll({"a"}, caller, seconds(300));
  house.run();
  give_back(house, held, {});
  auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].caller == 2);
  house.broker.returned(answers[0].delivery, false);
  house.run();
  answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].caller == 3);
  CHECK(house.broker.polls() == 7);
}

TEST_CASE("a split push wakes as many polls as it has messages, in their order") {
  BrokerHouse house;
  for (std::uint64_t caller = 1; caller <= 5; ++caller) house.poll({"a"}, caller, seconds(300));
  house.run();
  Push three = message("a");
  three.more = {three.message, three.message};
  house.local.push(std::move(three), [](const Expected<Pushed>&) {});
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(answers[i].caller == i + 1);
}

TEST_CASE("a thousand polls of one endpoint get a message each, in the order of both") {
  BrokerHouse house;
  for (std::uint64_t caller = 0; caller < 1000; ++caller) house.poll({"a"}, caller, seconds(300));
  house.run();
  CHECK(house.broker.waiting(name("a")) == 1000);
  for (int i = 0; i < 1000; ++i) {
    house.push("a", std::to_string(i));
    if (i % 7 == 0) house.run();
  }
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 1000);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    REQUIRE(answers[i].caller == i);
    REQUIRE(answers[i].body == std::to_string(i));
  }
  CHECK(house.broker.polls() == 0);
  CHECK(house.lines() == 0);
}
