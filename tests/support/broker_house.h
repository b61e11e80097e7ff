#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/queue/broker.h"
#include "core/store/local_store.h"
#include "tests/support/catch.h"
#include "tests/support/slow_store.h"

namespace pistachio::test {

/// What a poll came to, copied out of the result.
struct Answered {
  std::uint64_t caller = 0;
  std::string body;  // of the first message
  std::string endpoint;
  std::size_t messages = 0;
  std::uint32_t attempt = 0;
  DeliveryId delivery = 0;
  Receipt receipt;
  Duration held{};
  bool draining = false;
  std::string error;
};

inline EndpointName name(const std::string& text) { return EndpointName::parse(text).value(); }

/// A broker over a store in memory, on a clock that only moves when it is told to.
struct BrokerHouse {
  explicit BrokerHouse(bool slow = false, BrokerOptions options = {},
                       StoreOptions store_options = {})
      : local(store_options),
        slow_store(local),
        broker(
            slow ? static_cast<Store&>(slow_store) : local, options,
            [this](std::uint64_t caller, const PollResult& result) {
              Answered answer;
              answer.caller = caller;
              answer.messages = result.messages.size();
              answer.delivery = result.delivery;
              answer.held = result.held;
              answer.draining = result.draining;
              if (result.error != nullptr) answer.error = result.error->message;
              if (result.endpoint != nullptr) answer.endpoint = result.endpoint->text();
              if (!result.messages.empty()) {
                answer.body = result.messages.front().message.body;
                answer.attempt = result.messages.front().message.attempt;
                answer.receipt = result.messages.front().receipt;
              }
              answers.push_back(answer);
            },
            now) {}

  void run() {
    broker.run_due(now);
    for (bool more = true; more;) {
      const bool broker_worked = broker.run(now);
      const bool store_worked = local.run(now);
      more = broker_worked || store_worked;
    }
  }
  void pass(Duration span) {
    now += span;
    run();
  }
  void push(const std::string& endpoint, const std::string& body) {
    Push message{.endpoint = name(endpoint), .message = {}};
    message.message.body = body;
    local.push(std::move(message),
               [](const Expected<Pushed>& result) { REQUIRE(result.has_value()); });
  }
  PollId poll(const std::vector<std::string>& endpoints, std::uint64_t caller,
              Duration wait = std::chrono::seconds(30), std::size_t max = 1,
              std::optional<Duration> lease = {}) {
    std::vector<EndpointName> names;
    for (const std::string& each : endpoints) names.push_back(name(each));
    return broker
        .poll({.names = names, .deadline = Deadline(now + wait), .max = max, .lease = lease},
              caller, now)
        .value();
  }
  std::vector<Answered> take() { return std::exchange(answers, {}); }
  std::size_t lines() const {
    std::size_t count = 0;
    broker.each_line([&](const std::string&, std::size_t) { ++count; });
    return count;
  }

  TimePoint now{std::chrono::hours(1000)};
  LocalStore local;
  SlowStore slow_store;
  std::vector<Answered> answers;
  Broker broker;
};

}  // namespace pistachio::test
