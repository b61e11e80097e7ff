// What clients send before they have their answers: several requests at once, and what that proves
// (PROTOCOL section 5).

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;

namespace {

void push_to_store(ServerHouse& house, const std::string& endpoint) {
  Push push{.endpoint = EndpointName::parse(endpoint).value(), .message = {}};
  push.message.body = "one";
  house.store.push(std::move(push), {});
}

}  // namespace

TEST_CASE("a flood behind a parked poll is read no further than max_pipelined") {
  constexpr std::size_t kMost = 64u << 10;
  ServerHouse house({}, {.max_pipelined = kMost});
  const auto client = house.client();
  client->send(get_request("/messages/a"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
  std::string flood;
  while (flood.size() < (1u << 20)) flood += get_request("/nothing");
  std::size_t sent = 0;
  // More than the kernels on the way hold: the client is stopped before it is through.
  for (int idle = 0; sent < (64u << 20) && idle < 100;) {
    const std::size_t now = client->send_some(flood);
    idle = now == 0 ? idle + 1 : 0;
    sent += now;
    house.turn();
    REQUIRE(house.api.server().buffered() <= 2 * kMost);
  }
  CHECK(sent < (64u << 20));
  CHECK(house.waiting("a") == 1);
  house.push("a", "one");
  CHECK(client->answer().body == "one");
  CHECK(client->answer().status == 404);
}

TEST_CASE("pipelined requests are answered in order") {
  ServerHouse house;
  const auto client = house.client();
  std::string requests;
  for (int i = 0; i < 40; ++i) {
    requests += post_request("/messages/a", std::to_string(i)) + get_request("/messages/a") +
                get_request("/nothing");
  }
  client->send(requests);
  for (int i = 0; i < 40; ++i) {
    REQUIRE(client->answer().status == 201);
    REQUIRE(client->answer().body == std::to_string(i));
    REQUIRE(client->answer().status == 404);
  }
}

TEST_CASE("what many clients send in one turn is taken and answered, however much it is") {
  ServerHouse house;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 150; ++i) clients.push_back(house.client());
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    sent.push_back(std::string(3500, static_cast<char>('a' + i % 26)) + std::to_string(i));
    clients[i]->send(post_request("/messages/a", sent.back()));
  }
  for (const auto& client : clients) REQUIRE(client->answer().status == 201);
  for (const auto& client : clients) client->send(get_request("/messages/a"));
  std::vector<std::string> got;
  for (const auto& client : clients) got.push_back(client->answer().body);
  std::sort(sent.begin(), sent.end());
  std::sort(got.begin(), got.end());
  CHECK(got == sent);
}

TEST_CASE("a client that pipelines more polls than may be open still gets every message in order") {
  ServerHouse house;
  std::string lines;
  std::string requests;
  for (int i = 0; i < 150; ++i) {
    lines += std::to_string(i) + "\n";
    requests += get_request("/messages/a");
  }
  house.push("a?split=lines", lines);
  const auto client = house.client();
  client->send(requests);
  for (int i = 0; i < 150; ++i) REQUIRE(client->answer().body == std::to_string(i));
}

TEST_CASE("input that ends its connection while it is parsed is not counted twice") {
  ServerHouse house;
  std::string flood = get_request("/messages/a?wait=0.01");
  for (int i = 0; i < 3000; ++i) flood += get_request("/healthz");
  for (const std::string& last :
       {std::string(), std::string("BAD\r\n\r\n"), get_request("/", "Connection: close\r\n")}) {
    const auto client = house.client();
    client->send(flood + last);
    client->close();
    CHECK(house.turn_until([&] { return house.api.server().connections() == 0; }));
    CHECK(house.api.server().buffered() == 0);
  }
}

TEST_CASE("a client that left before it read its message does not get the one behind it either") {
  ServerHouse house;
  house.push("a", "one");
  house.push("a", "two");
  const auto client = house.client();
  client->send(get_request("/messages/a") + get_request("/messages/a"));
  CHECK(house.turn_until([&] { return house.counts("a").leased == 2; }));
  client->close();
  CHECK(house.back_in_queue("a", 2));
  CHECK(house.get("/messages/a").body == "one");
  CHECK(house.get("/messages/a").body == "two");
}

TEST_CASE("a pipelined request proves nothing about the answer before it") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  client->send(get_request("/messages/a"));
  client->send(get_request("/messages/a"));
  REQUIRE(
      house.turn_until([&] { return house.counts("a").leased == 1 && house.waiting("a") == 1; }));
  client->close();
  CHECK(house.back_in_queue("a", 1));
}

TEST_CASE("a client that closed its sending side behind more than its poll takes nothing") {
  ServerHouse house;
  const std::size_t polite = GENERATE(std::size_t{0}, std::size_t{6});
  const auto client = house.client();
  for (std::size_t i = 0; i < polite; ++i) {
    house.push("a", "before");
    REQUIRE(client->ask(get_request("/messages/a")).body == "before");
  }
  const std::string more = GENERATE(as<std::string>(), "\r\n", "GET /mess",
                                    get_request("/messages/a"), get_request("/healthz"));
  const bool parked = GENERATE(false, true);
  if (parked) {
    client->send(get_request("/messages/a"));
    REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
    push_to_store(house, "a");
    client->send(more);
  } else {
    house.push("a", "one");
    client->send(get_request("/messages/a") + more);
  }
  client->end();
  REQUIRE(house.turn_until([&] { return house.api.server().connections() == 0; }));
  CHECK(house.counts("a").queued == 1);
  CHECK(house.store.totals().settled == polite);
}

TEST_CASE("an answer of a turn that makes few leaves in that turn") {
  ServerHouse house;
  const auto client = house.client();
  client->send(get_request("/messages/a"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
  push_to_store(house, "a");
  house.turn();
  CHECK(client->has_input());
}

TEST_CASE("what a client sends before its answer has left proves nothing about that answer") {
  ServerHouse house;
  const auto client = house.client();
  for (int i = 0; i < 5; ++i) {  // so that it is known as one that does not pipeline
    house.push("a", "before");
    REQUIRE(client->ask(get_request("/messages/a")).body == "before");
  }
  client->send(get_request("/messages/a"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));

  // With few answers that would leave in the same turn, and with many.
  const std::size_t others = GENERATE(std::size_t{0}, std::size_t{9});
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (std::size_t i = 0; i < others; ++i) {
    crowd.push_back(house.client());
    crowd.back()->send(get_request("/messages/b"));
  }
  REQUIRE(house.turn_until([&] { return house.waiting("b") == others; }));
  for (std::size_t i = 0; i < others; ++i) push_to_store(house, "b");
  push_to_store(house, "a");

  const std::string more = GENERATE(as<std::string>(), "", "GET /mess", get_request("/messages/a"));
  const bool ends = more.empty() || GENERATE(false, true);
  bool answered = false;
  house.loop.add({.next_wish = {}, .run_due = {}, .run_end = [&](TimePoint) {
                    if (answered || house.api.broker().deliveries() == 0) return false;
                    answered = true;
                    client->send(more);
                    if (ends) client->end();
                    return true;
                  }});
  house.turn();
  REQUIRE(answered);
  if (!ends) client->close();
  CHECK(house.back_in_queue("a", 1));
  CHECK(house.store.totals().settled == 5);
}
