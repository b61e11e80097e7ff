// What a poll's answer brings and what becomes of it: the Broker's deliveries.

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/queue/broker.h"
#include "tests/support/broker_house.h"
#include "tests/support/forwarding_store.h"

using namespace pistachio;

using House = test::BrokerHouse;
using test::Answered;
using test::name;

TEST_CASE("several messages go out in one answer, as they are now and in order") {
  House house;
  for (const char* body : {"1", "2", "3"}) house.push("a", body);
  house.poll({"a"}, 1, std::chrono::seconds(30), 10);
  house.run();
  const auto answers = house.take();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].messages == 3);
  CHECK(answers[0].body == "1");
  house.broker.returned(answers[0].delivery, false);
  house.poll({"a"}, 2, std::chrono::seconds(30), 2);
  house.run();
  CHECK(house.take().at(0).body == "1");
}

TEST_CASE("what a plain poll received is settled, what it did not receive comes back first") {
  House house;
  house.push("a", "one");
  house.push("a", "two");
  house.poll({"a"}, 1);
  house.run();
  const auto first = house.take().at(0);
  house.broker.returned(first.delivery, /*counted=*/true);
  house.broker.returned(first.delivery, true);  // a second report does nothing
  house.poll({"a"}, 2);
  house.run();
  const auto again = house.take().at(0);
  CHECK(again.body == "one");
  CHECK(again.attempt == 2);
  house.broker.received(again.delivery);
  house.broker.received(first.delivery);
  house.run();
  CHECK(house.local.totals().settled == 1);
  CHECK(house.broker.deliveries() == 0);
}

TEST_CASE(
    "a leased message stays with its client once it was received, and comes back when it was not") {
  House house;
  house.push("a", "one");
  house.poll({"a"}, 1, std::chrono::seconds(30), 1, std::chrono::seconds(10));
  house.run();
  auto leased = house.take().at(0);
  house.broker.received(leased.delivery);
  house.poll({"a"}, 2, std::chrono::seconds(60));
  house.pass(std::chrono::seconds(9));
  CHECK(house.answers.empty());
  house.pass(std::chrono::seconds(1));
  leased = house.take().at(0);
  CHECK(leased.caller == 2);
  CHECK(leased.attempt == 2);
  house.broker.returned(leased.delivery, false);
  house.poll({"a"}, 3, std::chrono::seconds(30), 1, std::chrono::seconds(10));
  house.run();
  leased = house.take().at(0);
  house.broker.returned(leased.delivery,
                        /*counted=*/true);  // received, then reset: it is the client's
  house.poll({"a"}, 4, Duration(0));
  house.run();
  CHECK(house.take().at(0).messages == 0);
}

TEST_CASE(
    "random polls, pushes, departures and slow claims: every message goes to one poll, in order, "
    "and no poll is forgotten") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    House house(/*slow=*/true);
    std::mt19937 random(seed);
    const std::vector<std::string> endpoints{"a", "b", "c"};
    std::map<std::uint64_t, PollId> open;
    std::map<std::string, std::uint64_t> next_pushed;
    std::multiset<std::string> pushed;
    std::multiset<std::string> delivered;
    std::uint64_t caller = 0;
    const auto look = [&] {
      for (const Answered& answer : house.take()) {
        REQUIRE(open.erase(answer.caller) == 1);
        if (answer.messages == 0) continue;
        delivered.insert(answer.body);
        house.broker.received(answer.delivery);
      }
    };
    for (int step = 0; step < 3000; ++step) {
      switch (random() % 8) {
        case 0:
        case 1: {
          const std::string& endpoint = endpoints[random() % 3];
          const std::string body = endpoint + std::to_string(next_pushed[endpoint]++);
          house.push(endpoint, body);
          pushed.insert(body);
          break;
        }
        case 2:
        case 3: {
          std::vector<std::string> names{endpoints[random() % 3]};
          if (random() % 3 == 0) names = {"b", "a", "c"};
          ++caller;
          open[caller] = house.poll(names, caller, Duration(random() % 50));
          break;
        }
        case 4:
          if (!open.empty() && random() % 3 == 0) {
            const auto leaving =
                std::next(open.begin(), static_cast<std::ptrdiff_t>(random() % open.size()));
            house.broker.cancel(leaving->second);
            open.erase(leaving);
          }
          break;
        case 5:
          if (house.slow_store.waiting_claims() > 0) house.slow_store.release_claim();
          break;
        case 6:
          if (house.slow_store.waiting_answers() > 0) house.slow_store.release_answer();
          break;
        default:
          house.now += Duration(random() % 10);
      }
      house.run();
      look();
    }
    // Everything comes to rest, and what was pushed is found in one place each.
    while (house.slow_store.waiting_claims() + house.slow_store.waiting_answers() > 0) {
      if (house.slow_store.waiting_claims() > 0) house.slow_store.release_claim();
      house.run();
      if (house.slow_store.waiting_answers() > 0) house.slow_store.release_answer();
      house.pass(std::chrono::milliseconds(50));
      look();
    }
    CHECK(open.empty());
    CHECK(house.broker.polls() == 0);
    CHECK(house.lines() == 0);
    for (const std::string& endpoint : endpoints) {
      std::uint64_t last = 0;
      for (bool more = true; more;) {
        house.local.claim({.endpoint = name(endpoint), .max = 100}, [&](Expected<Claimed> claimed) {
          more = !claimed->messages.empty();
          for (const Delivered& each : claimed->messages) {
            const std::uint64_t number = std::stoull(std::string(each.message.body.substr(1))) + 1;
            CHECK(number > last);
            last = number;
            delivered.insert(std::string(each.message.body));
          }
        });
        house.run();
      }
    }
    CHECK(delivered == pushed);
  }
}
