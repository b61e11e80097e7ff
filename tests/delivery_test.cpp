// What a plain poll's client must do to have received a message, on real sockets (PROTOCOL section
// 5).

#include <chrono>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;

namespace {

bool settled(ServerHouse& house, std::size_t messages, Duration limit = std::chrono::seconds(20)) {
  return house.turn_until([&] { return house.store.totals().settled == messages; }, limit);
}

std::string attempt_of(ServerHouse& house, const std::string& endpoint) {
  return house.get("/messages/" + endpoint + "?wait=1").field("Pistachio-Attempt").value_or("none");
}

// More than any socket buffer on the way holds.
const std::string kLarge(8u << 20, 'x');

ApiOptions large_messages() {
  ApiOptions options;
  options.max_message_size = 16u << 20;
  return options;
}

}  // namespace

TEST_CASE("a message is settled by its client's next request") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  CHECK(client->ask(get_request("/messages/a")).body == "one");
  CHECK(house.counts("a").leased == 1);
  client->send(get_request("/messages/a"));
  CHECK(settled(house, 1, std::chrono::milliseconds(900)));
}

TEST_CASE("a message is settled by a client that has it and closes in order") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  CHECK(client->ask(get_request("/messages/a")).body == "one");
  client->close();
  CHECK(settled(house, 1, std::chrono::milliseconds(900)));
}

TEST_CASE("a message is settled by a client that has it and stays for a second, not earlier") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  const TimePoint start = house.loop.now();
  CHECK(client->ask(get_request("/messages/a")).body == "one");
  CHECK(settled(house, 1));
  CHECK(house.loop.now() - start >= std::chrono::seconds(1));
}

TEST_CASE("a message whose client resets within the second comes back, counted") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  CHECK(client->ask(get_request("/messages/a")).body == "one");
  client->reset();
  CHECK(house.back_in_queue("a", 1));
  CHECK(attempt_of(house, "a") == "2");
}

TEST_CASE("a reset within the second counts though the server sleeps through the rest of it") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  CHECK(client->ask(get_request("/messages/a")).body == "one");
  http::Server& server = house.api.server();
  server.run_due(house.loop.now() + std::chrono::milliseconds(100));  // it has been acknowledged
  client->reset();
  server.run_due(house.loop.now() + std::chrono::seconds(2));  // the sockets were not looked at
  CHECK(house.back_in_queue("a", 1));
  CHECK(attempt_of(house, "a") == "2");
}

TEST_CASE("a close in order after the last answer is no reset, whatever is looked at first") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  CHECK(client->ask(get_request("/messages/a", "Connection: close\r\n")).body == "one");
  client->close();
  // Both sides have closed: the kernel has let go of the connection, as after a reset.
  house.api.server().run_due(house.loop.now() + std::chrono::milliseconds(100));
  CHECK(settled(house, 1, std::chrono::milliseconds(900)));
}

TEST_CASE("a message whose client closed without reading it comes back") {
  ServerHouse house;
  house.push("a", "one");
  const auto client = house.client();
  client->send(get_request("/messages/a"));
  CHECK(house.turn_until([&] { return house.counts("a").leased == 1; }));
  client->close();  // the answer lies unread in the client's kernel: closing resets
  CHECK(house.back_in_queue("a", 1));
}

TEST_CASE(
    "a message whose client is killed in the middle of the download comes back, not counted") {
  ServerHouse house(large_messages());
  house.push("a", kLarge);
  const auto client = house.client();
  client->shrink_receive_buffer();
  client->send(get_request("/messages/a"));
  (void)client->read(5000);
  client->reset();
  CHECK(house.back_in_queue("a", 1));
  CHECK(attempt_of(house, "a") == "1");
}

TEST_CASE(
    "a message whose client closes in order in the middle of the download comes back, not "
    "counted") {
  ServerHouse house(large_messages());
  house.push("a", kLarge);
  const auto client = house.client();
  client->shrink_receive_buffer();
  client->send(get_request("/messages/a"));
  (void)client->read(5000);
  client->end();
  (void)client->read(5000);
  client->close();
  CHECK(house.back_in_queue("a", 1));
  CHECK(attempt_of(house, "a") == "1");
}

TEST_CASE("a poll whose client has gone while it was parked takes nothing") {
  ServerHouse house;
  for (const bool reset : {false, true}) {
    const auto client = house.client();
    client->send(get_request("/messages/a"));
    REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
    reset ? client->reset() : client->close();
    CHECK(house.turn_until([&] { return house.waiting("a") == 0; }));
  }
  house.push("a", "one");
  CHECK(house.get("/messages/a").field("Pistachio-Attempt") == "1");
}

TEST_CASE("a client that has closed its sending side while its poll is parked counts as gone") {
  ServerHouse house;
  const auto client = house.client();
  client->send(get_request("/messages/a"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
  client->end();
  CHECK(client->closed_by_server());
  CHECK(house.waiting("a") == 0);
}

TEST_CASE(
    "a client that closed its sending side before it was answered takes nothing, though its kernel "
    "might") {
  ServerHouse house;
  house.push("a", "one");
  for (const bool unix_socket : {false, true}) {
    const auto client = unix_socket ? house.unix_client() : house.client();
    client->send_some(get_request("/messages/a"));
    client->end();
    CHECK(client->closed_by_server());
    CHECK(house.back_in_queue("a", 1));
  }
  CHECK(attempt_of(house, "a") == "1");
}

TEST_CASE("a push whose client has closed its sending side is still answered") {
  ServerHouse house;
  const auto client = house.client();
  client->send(post_request("/messages/a", "one"));
  client->end();
  CHECK(client->answer().status == 201);
  CHECK(client->closed_by_server());
}

TEST_CASE("an answer on a connection that closes after it is settled like any other") {
  ServerHouse house;
  for (const std::string& request : {get_request("/messages/a", "Connection: close\r\n"),
                                     std::string("GET /messages/a HTTP/1.0\r\n\r\n")}) {
    const std::size_t before = house.store.totals().settled;
    house.push("a", "one");
    const auto client = house.client();
    const Answer answer = client->ask(request);
    CHECK(answer.body == "one");
    CHECK(answer.field("Connection") == "close");
    CHECK(client->closed_by_server());
    CHECK(house.counts("a").leased == 1);
    client->close();
    CHECK(settled(house, before + 1, std::chrono::milliseconds(900)));
    house.push("a", "two");
    const auto second = house.client();
    CHECK(second->ask(request).body == "two");
    second->reset();
    CHECK(house.back_in_queue("a", 1));
    house.get("/messages/a");
    CHECK(settled(house, before + 2));
  }
}

TEST_CASE("over a unix socket a message is settled and given back by the same signs") {
  ServerHouse house;
  house.push("a", "one");
  {
    const auto client = house.unix_client();
    client->send(get_request("/messages/a"));
    CHECK(house.turn_until([&] { return house.counts("a").leased == 1; }));
    client->close();  // unread
    CHECK(house.back_in_queue("a", 1));
  }
  {
    const auto client = house.unix_client();
    CHECK(client->ask(get_request("/messages/a")).body == "one");
    client->close();
    CHECK(settled(house, 1, std::chrono::milliseconds(900)));
  }
  house.push("a", "two");
  const auto client = house.unix_client();
  CHECK(client->ask(get_request("/messages/a")).body == "two");
  client->send(get_request("/messages/a"));
  CHECK(settled(house, 2, std::chrono::milliseconds(900)));
}

TEST_CASE("a leased message whose client did not get every byte comes back at once, uncounted") {
  ServerHouse house(large_messages());
  house.push("a", kLarge);
  const auto client = house.client();
  client->shrink_receive_buffer();
  client->send(get_request("/messages/a?lease=60"));
  (void)client->read(5000);
  client->reset();
  CHECK(house.back_in_queue("a", 1));
  CHECK(attempt_of(house, "a") == "1");
}

TEST_CASE("a leased message stays with its receipt whatever the connection that brought it does") {
  ServerHouse house;
  for (const bool reset : {false, true}) {
    house.push("a", "one");
    const auto client = house.client();
    const Answer answer = client->ask(get_request("/messages/a?lease=60"));
    CHECK(answer.body == "one");
    reset ? client->reset() : client->close();
    REQUIRE(house.turn_until([&] { return house.api.broker().deliveries() == 0; }));
    CHECK(house.counts("a").leased == 1);
    const std::string receipt = answer.field("Pistachio-Receipt").value();
    CHECK(house.ask("DELETE /messages/a/" + receipt + " HTTP/1.1\r\nHost: t\r\n\r\n").status ==
          204);
  }
}

TEST_CASE("500 random clients that walk away lose nothing") {
  for (const unsigned seed : {1u, 2u}) {
    INFO("seed " << seed);
    ServerHouse house;
    std::mt19937 random(seed);
    std::set<std::string> missing;
    std::size_t pushed = 0;
    const auto push = [&] {
      const std::string body =
          "message " + std::to_string(pushed++) + std::string(random() % 30000, '.');
      house.push("a", body);
      missing.insert(body);
    };
    for (int i = 0; i < 250; ++i) {
      if (random() % 2 == 0) push();
      auto client = random() % 4 == 0 ? house.unix_client() : house.client();
      client->send(get_request("/messages/a", random() % 3 == 0 ? "Connection: close\r\n" : ""));
      for (auto turns = random() % 4; turns > 0; --turns) house.turn();
      switch (random() % 4) {
        case 0:
          client->close();
          break;
        case 1:
          client->reset();
          break;
        case 2:
          if (pushed > 0 && random() % 2 == 0) push();
          client->reset();
          break;
        default:
          for (auto turns = random() % 20; turns > 0; --turns) house.turn();
          client->close();
      }
      house.turn();
    }
    CHECK(house.turn_until(
        [&] { return house.api.broker().deliveries() == 0 && house.api.broker().polls() == 0; }));
    for (bool more = true; more;) {
      const Answer answer = house.get("/messages/a?wait=0");
      more = answer.status == 200;
      if (more) missing.erase(answer.body);
    }
    CHECK(missing.empty());
  }
}
