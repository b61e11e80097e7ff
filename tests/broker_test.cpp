#include "core/queue/broker.h"

#include <string>
#include <vector>

#include "tests/support/broker_house.h"
#include "tests/support/forwarding_store.h"

using namespace pistachio;

using House = test::BrokerHouse;
using test::Answered;
using test::name;

TEST_CASE("a poll gets the message that is there, at the end of the turn and not before") {
  House house;
  house.push("a", "one");
  house.poll({"a"}, 1);
  CHECK(house.answers.empty());
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].body == "one");
  CHECK(answers[0].endpoint == "a");
  CHECK(answers[0].attempt == 1);
  CHECK(house.broker.polls() == 0);
}

TEST_CASE("a store is told when nobody waits for an endpoint any more, and not before") {
  House house(true);
  const PollId first = house.poll({"a", "b"}, 1);
  house.poll({"a"}, 2);
  house.run();
  while (house.slow_store.waiting_claims() + house.slow_store.waiting_answers() > 0) {
    if (house.slow_store.waiting_claims() > 0) house.slow_store.release_claim();
    house.run();
    if (house.slow_store.waiting_answers() > 0) house.slow_store.release_answer();
    house.run();
  }
  CHECK(house.slow_store.left.empty());
  house.broker.cancel(first);
  house.run();
  CHECK(house.slow_store.left == std::vector<std::string>{"b"});
  house.pass(std::chrono::seconds(30));
  CHECK(house.slow_store.left == std::vector<std::string>{"b", "a"});
}

TEST_CASE(
    "a poll that waits does not ask a store that is sure to have nothing, one in a hurry does") {
  struct CountingStore : test::ForwardingStore {
    explicit CountingStore(LocalStore& local) : ForwardingStore(local), local_(local) {}
    bool surely_empty(const EndpointName& endpoint) const override {
      return local_.surely_empty(endpoint);
    }
    void claim(Claim claim, Done<Claimed> done) override {
      ++claims;
      ForwardingStore::claim(std::move(claim), std::move(done));
    }
    LocalStore& local_;
    int claims = 0;
  };
  const TimePoint now{std::chrono::hours(1000)};
  LocalStore local({});
  CountingStore store(local);
  std::vector<std::pair<std::uint64_t, std::size_t>> answers;  // caller, messages
  Broker broker(
      store, {},
      [&](std::uint64_t caller, const PollResult& result) {
        answers.emplace_back(caller, result.messages.size());
      },
      now);
  const auto push = [&] {
    local.push({.endpoint = name("a"), .message = {}}, [](const Expected<Pushed>&) {});
  };
  const auto poll = [&](std::uint64_t caller, Deadline deadline) {
    const std::vector<EndpointName> names{name("a")};
    REQUIRE(broker.poll({.names = names, .deadline = deadline}, caller, now).has_value());
  };
  const auto run = [&] {
    while (broker.run(now) || local.run(now)) {
    }
  };

  poll(1, Deadline::never());
  run();
  CHECK(store.claims == 0);
  push();
  run();
  CHECK(store.claims == 1);
  CHECK(answers == std::vector<std::pair<std::uint64_t, std::size_t>>{{1, 1}});

  // What was pushed in the turn of a poll that does not wait is there for it.
  push();
  poll(2, Deadline(now));
  run();
  CHECK(answers.back() == std::pair<std::uint64_t, std::size_t>{2, 1});
  poll(3, Deadline(now));
  run();
  CHECK(answers.back() == std::pair<std::uint64_t, std::size_t>{3, 0});
  CHECK(store.claims == 3);
}

TEST_CASE("a poll that arrives later never overtakes one that waits") {
  House house;
  for (std::uint64_t caller = 1; caller <= 5; ++caller) {
    house.poll({"a"}, caller);
    if (caller % 2 == 0) house.run();
  }
  for (const char* body : {"1", "2", "3"}) house.push("a", body);
  house.poll({"a"}, 6);
  house.run();
  auto answers = house.take();
  REQUIRE(answers.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(answers[i].caller == i + 1);
    CHECK(answers[i].body == std::to_string(i + 1));
  }
  for (const char* body : {"4", "5", "6"}) house.push("a", body);
  house.run();
  answers = house.take();
  REQUIRE(answers.size() == 3);
  CHECK(answers[2].caller == 6);
}

TEST_CASE("a poll waits exactly until its deadline, and then nothing is left of it") {
  House house;
  house.poll({"a"}, 1, std::chrono::seconds(30));
  house.run();
  house.pass(std::chrono::milliseconds(29'999));
  CHECK(house.answers.empty());
  CHECK(house.broker.waiting(name("a")) == 1);
  house.pass(std::chrono::milliseconds(1));
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].messages == 0);
  CHECK(answers[0].held == std::chrono::seconds(30));
  CHECK(house.broker.waiting(name("a")) == 0);
  house.run();
  CHECK(house.lines() == 0);
  house.push("a", "later");
  house.run();
  CHECK(house.answers.empty());
}

TEST_CASE(
    "a poll that does not want to wait is answered at once, with what is there or with nothing") {
  House house;
  house.poll({"a"}, 1, Duration(0));
  house.run();
  CHECK(house.take().at(0).messages == 0);
  house.push("a", "one");
  house.poll({"a"}, 2, Duration(0));
  house.run();
  CHECK(house.take().at(0).body == "one");
}

TEST_CASE("a poll that does not want to wait is answered at once although others wait before it") {
  House house;
  house.poll({"a"}, 1);
  house.run();
  house.poll({"a"}, 2, Duration(0));
  house.poll({"a", "b"}, 3, Duration(0));
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].messages == 0);
  CHECK(answers[1].messages == 0);
  CHECK(house.broker.waiting(name("a")) == 1);
  CHECK(house.broker.waiting(name("b")) == 0);
}

TEST_CASE(
    "of several names the first that holds a message answers, and only one message is taken") {
  House house;
  house.push("low", "l");
  house.push("high", "h");
  house.poll({"high", "low"}, 1);
  house.run();
  auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].endpoint == "high");
  house.poll({"high", "low"}, 2);
  house.run();
  CHECK(house.take().at(0).endpoint == "low");
}

TEST_CASE("a poll of several names is woken by any of them and leaves all their lines") {
  House house;
  house.poll({"a", "b", "c"}, 1);
  house.run();
  CHECK(house.broker.waiting(name("c")) == 1);
  house.push("c", "x");
  house.push("b", "y");
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(house.broker.waiting(name("a")) == 0);
  CHECK(house.broker.waiting(name("b")) == 0);
  house.run();
  CHECK(house.lines() == 0);
  // The other message is still there for the next.
  house.poll({"a", "b", "c"}, 2);
  house.run();
  CHECK(house.take().size() == 1);
}

TEST_CASE("a parked poll of several names stands in each line at the place of its arrival") {
  House house;
  house.poll({"a", "b"}, 1);
  house.poll({"b"}, 2);
  house.run();
  house.push("b", "x");
  house.run();
  CHECK(house.take().at(0).caller == 1);
  house.push("b", "y");
  house.run();
  CHECK(house.take().at(0).caller == 2);
}

TEST_CASE("a poll whose client left while it was parked takes nothing") {
  House house;
  const PollId gone = house.poll({"a"}, 1);
  house.poll({"a"}, 2);
  house.run();
  house.broker.cancel(gone);
  house.push("a", "one");
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].caller == 2);
  house.broker.cancel(gone);  // once more does nothing
  CHECK(house.broker.polls() == 0);
}

TEST_CASE(
    "a message claimed for a client that left meanwhile goes to the next poll, still first and not "
    "counted") {
  House house(/*slow=*/true);
  house.push("a", "one");
  house.push("a", "two");
  const PollId gone = house.poll({"a"}, 1);
  house.run();
  house.poll({"a"}, 2);
  house.run();
  REQUIRE(house.slow_store.waiting_claims() >= 1);
  house.slow_store.release_claim();
  house.run();
  house.broker.cancel(gone);
  house.slow_store.release_answer();
  house.run();
  while (house.slow_store.waiting_claims() > 0) {
    house.slow_store.release_claim();
    house.run();
    house.slow_store.release_answer();
    house.run();
  }
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].caller == 2);
  CHECK(answers[0].body == "one");
  CHECK(answers[0].attempt == 1);
}

TEST_CASE("a poll never has two claims under way") {
  House house(/*slow=*/true);
  house.poll({"a", "b", "c"}, 1);
  house.run();
  CHECK(house.slow_store.waiting_claims() == 1);
  house.push("a", "x");
  house.push("b", "y");
  house.push("c", "z");
  house.run();
  CHECK(house.slow_store.waiting_claims() == 1);
}

TEST_CASE(
    "a bell that rings while a claim is under way is not forgotten when the claim comes back "
    "empty") {
  House house(/*slow=*/true);
  house.poll({"a"}, 1);
  house.run();
  house.slow_store.release_claim();
  house.run();  // carried out: empty; the answer is still under way
  house.push("a", "one");
  house.run();  // rings
  house.slow_store.release_answer();
  house.run();
  REQUIRE(house.slow_store.waiting_claims() == 1);
  house.slow_store.release_claim();
  house.run();
  house.slow_store.release_answer();
  CHECK(house.take().at(0).body == "one");
}

TEST_CASE(
    "a poll whose deadline passes while its claim is under way gets the message that the claim "
    "brings") {
  House house(/*slow=*/true);
  house.poll({"a"}, 1, std::chrono::seconds(1));
  house.run();
  house.slow_store.release_claim();
  house.run();
  house.slow_store.release_answer();
  house.run();  // parked
  house.push("a", "one");
  house.run();  // claims again
  house.pass(std::chrono::seconds(2));
  CHECK(house.answers.empty());
  house.slow_store.release_claim();
  house.run();
  house.slow_store.release_answer();
  house.run();
  CHECK(house.take().at(0).body == "one");
}

TEST_CASE(
    "a claim that fails answers its poll with the reason, and the polls behind it ask for "
    "themselves") {
  House house(/*slow=*/true);
  house.poll({"a"}, 1);
  house.poll({"a"}, 2);
  house.run();
  house.slow_store.fail_next(1);
  while (house.slow_store.waiting_claims() > 0) {
    house.slow_store.release_claim();
    house.run();
    while (house.slow_store.waiting_answers() > 0) house.slow_store.release_answer();
    house.run();
  }
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].caller == 1);
  CHECK(answers[0].error == "the store is away");
  CHECK(house.broker.waiting(name("a")) == 1);
}

TEST_CASE("a server that drains answers who waits, and nobody waits any more") {
  House house;
  house.poll({"a"}, 1);
  house.poll({"a", "b"}, 2);
  house.run();
  house.broker.drain();
  house.run();
  auto answers = house.take();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].draining);
  CHECK(answers[1].draining);
  house.poll({"a"}, 3);
  house.run();
  CHECK(house.take().size() == 1);
  house.push("a", "one");
  house.poll({"a"}, 4);
  house.run();
  CHECK(house.take().at(0).body == "one");
}

TEST_CASE("polls beyond the limit are refused, with their names counted") {
  House house(false, {.max_places = 3});
  house.poll({"a", "b"}, 1);
  const std::vector<EndpointName> names{name("c"), name("d")};
  const auto refused =
      house.broker.poll({.names = names, .deadline = Deadline::never()}, 2, house.now);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::endpoint_full);
  CHECK(refused.error().retry_after.has_value());
  house.poll({"c"}, 3);
  house.run();
  CHECK(house.broker.polls() == 2);
}
