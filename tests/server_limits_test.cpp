// Every limit of the server as a client meets it, with small times and sizes (PROTOCOL sections 4
// and 8), and what becomes of clients when it drains.

#include <memory>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;

namespace {

using std::chrono::milliseconds;

std::string push_head(std::size_t length) {
  return "POST /messages/a HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(length) +
         "\r\n\r\n";
}

// Sends a byte whenever the clock has moved, until the server has given an error.
bool refused_while_trickling(ServerHouse& house, RawClient& client) {
  TimePoint last = house.loop.now();
  return house.turn_until([&] {
    if (house.api.counters().answers[4] > 0) return true;
    if (house.loop.now() - last >= milliseconds(2)) {
      last = house.loop.now();
      client.send_some("x");
    }
    return false;
  });
}

bool all_gone(ServerHouse& house) {
  return house.turn_until([&] { return house.api.server().connections() == 0; });
}

}  // namespace

TEST_CASE("a head that stands still is answered with 408 and the connection closed") {
  ServerHouse house({}, {.head_time = milliseconds(30)});
  const auto client = house.client();
  client->send("GET /messages/a HTTP/1.1\r\nHo");
  const Answer answer = client->answer();
  CHECK(answer.status == 408);
  CHECK(answer.field("Connection") == "close");
  CHECK(answer.field("Content-Type") == "application/problem+json");
  CHECK(client->closed_by_server());
}

TEST_CASE("bytes that keep trickling do not make the time for a head longer") {
  ServerHouse house({}, {.head_time = milliseconds(40)});
  const auto client = house.client();
  client->send("GET /messages/a HTTP/1.1\r\nX: ");
  CHECK(refused_while_trickling(house, *client));
  CHECK(client->answer().status == 408);
}

TEST_CASE("a body that stands still is answered with 408 and nothing is taken") {
  ServerHouse house({}, {.body_progress = milliseconds(30)});
  const auto client = house.client();
  client->send(push_head(10) + "abc");
  const Answer answer = client->answer();
  CHECK(answer.status == 408);
  CHECK(answer.field("Connection") == "close");
  CHECK(house.store.totals().pushed == 0);
}

TEST_CASE("a body that moves but takes too long in all is answered with 408") {
  ServerHouse house({}, {.body_time = milliseconds(40)});
  const auto client = house.client();
  client->send(push_head(1'000'000));
  CHECK(refused_while_trickling(house, *client));
  CHECK(client->answer().status == 408);
  CHECK(house.store.totals().pushed == 0);
}

TEST_CASE("a connection on which nothing is asked is closed without an answer") {
  ServerHouse house({}, {.idle_time = milliseconds(30)});
  const auto fresh = house.client();
  CHECK(fresh->closed_by_server());
  for (const std::uint64_t answers : house.api.counters().answers) CHECK(answers == 0);
  const auto used = house.client();
  CHECK(used->ask(get_request("/healthz")).status == 200);
  CHECK(used->closed_by_server());
}

TEST_CASE("a poll that is parked is not idle") {
  ServerHouse house({}, {.head_time = milliseconds(10), .idle_time = milliseconds(10)});
  const auto client = house.client();
  CHECK(client->ask(get_request("/messages/a?wait=0.05")).status == 504);
}

TEST_CASE("a reader that never reads is given up and its message comes back, not counted") {
  ApiOptions options;
  options.max_message_size = 16u << 20;
  ServerHouse house(options, {.reader_progress = milliseconds(50)});
  house.push("a", std::string(8u << 20, 'x'));
  const auto client = house.client();
  client->shrink_receive_buffer();
  client->send(get_request("/messages/a?lease=60"));
  REQUIRE(house.turn_until([&] { return house.api.server().buffered() > 0; }));
  CHECK(all_gone(house));
  CHECK(house.api.server().buffered() == 0);
  CHECK(house.turn_until([&] { return house.counts("a").queued == 1; }));
  const auto next = house.client();
  next->send(get_request("/messages/a"));
  CHECK(next->read(300).find("Pistachio-Attempt: 1\r\n") != std::string::npos);
}

TEST_CASE("an answer that is given up is never seen as a whole one: its connection is reset") {
  ApiOptions options;
  options.max_message_size = 16u << 20;
  ServerHouse house(options, {.reader_progress = milliseconds(50)});
  house.push("a", std::string(8u << 20, 'x'));
  const auto client = house.client();
  client->shrink_receive_buffer();
  client->send(get_request("/messages/a"));
  REQUIRE(house.turn_until([&] { return house.api.server().buffered() > 0; }));
  REQUIRE(all_gone(house));
  CHECK(client->closed_by_server());
  CHECK(client->was_reset());
}

TEST_CASE("a reader that is slow but reads gets its whole answer, however long it takes") {
  ApiOptions options;
  options.max_message_size = 16u << 20;
  ServerHouse house(options, {.idle_time = milliseconds(20), .linger_time = milliseconds(20)});
  const std::string body(64u << 10, 'x');
  house.push("a", body);
  for (const std::string fields : {"", "Connection: close\r\n"}) {
    INFO(fields);
    const auto client = house.client();
    client->shrink_receive_buffer();
    client->send(get_request("/messages/a?lease=60", fields));
    std::string got = client->read(400);
    const std::size_t whole = got.find("\r\n\r\n") + 4 + body.size();
    const std::string receipt = got.substr(got.find("Pistachio-Receipt: ") + 19, 22);
    const TimePoint start = house.loop.now();
    while (got.size() < whole) {
      const TimePoint last = house.loop.now();
      REQUIRE(house.turn_until([&] { return house.loop.now() - last >= milliseconds(2); }));
      got += client->read(std::min<std::size_t>(1u << 10, whole - got.size()));
    }
    CHECK(house.loop.now() - start > milliseconds(60));
    // It holds its message as long as its lease says: nothing was given back meanwhile.
    CHECK(house.ask("PATCH /messages/a/" + receipt + "?release=1 HTTP/1.1\r\nHost: test\r\n\r\n")
              .status == 204);
  }
}

TEST_CASE("a last answer is sent to its end, however late its client begins to read") {
  ApiOptions options;
  options.max_message_size = 32u << 20;
  ServerHouse house(options, {.linger_time = milliseconds(10)});
  house.push("a", std::string(16u << 20, 'x'));
  const auto client = house.client();
  client->send(get_request("/messages/a?peek=1", "Connection: close\r\n"));
  REQUIRE(house.turn_until([&] { return house.api.server().buffered() > 0; }));
  const TimePoint start = house.loop.now();
  REQUIRE(house.turn_until([&] { return house.loop.now() - start > milliseconds(60); }));
  CHECK(client->answer().body.size() > (16u << 20));
  CHECK(client->closed_by_server());
  CHECK_FALSE(client->was_reset());
}

TEST_CASE("a body whose client leaves in its middle is no longer held") {
  ServerHouse house;
  const auto client = house.client();
  client->send(push_head(1'000'000) + std::string(300'000, 'x'));
  REQUIRE(house.turn_until([&] { return house.api.server().buffered() >= 300'000; }));
  client->end();
  CHECK(house.turn_until([&] { return house.api.server().buffered() == 0; }));
  CHECK(all_gone(house));
  CHECK(house.store.totals().pushed == 0);
}

TEST_CASE("beyond max_connections the next client waits and is served when one leaves") {
  ServerHouse house({}, {.max_connections = 2});
  auto first = house.client();
  const auto second = house.client();
  CHECK(first->ask(get_request("/healthz")).status == 200);
  CHECK(second->ask(get_request("/healthz")).status == 200);
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(house.client());
    waiting.back()->send(get_request("/healthz"));
  }
  for (const auto& client : waiting) CHECK(client->quiet());
  CHECK(house.api.server().connections() == 2);
  first->close();
  for (const auto& client : waiting) {
    CHECK(client->answer().status == 200);
    client->close();
  }
  CHECK(second->ask(get_request("/healthz")).status == 200);
}

TEST_CASE("a refused body is dropped for linger_bytes and not for ever") {
  ServerHouse house({}, {.linger_bytes = 1u << 20});
  const auto client = house.client();
  client->send(push_head(std::size_t{1} << 40));
  CHECK(client->answer().status == 413);
  const std::string part(64u << 10, 'x');
  std::size_t sent = 0;
  CHECK(house.turn_until([&] {
    sent += client->send_some(part);
    return house.api.server().connections() == 0;
  }));
  CHECK(sent > (1u << 20));
  CHECK(house.api.server().buffered() == 0);
}

TEST_CASE("a client that was refused and neither sends nor leaves is closed after linger_time") {
  ServerHouse house({}, {.linger_time = milliseconds(30)});
  const auto client = house.client();
  CHECK(client->ask(push_head(1u << 30)).status == 413);
  CHECK(all_gone(house));
}

TEST_CASE("bodies under way beyond max_buffered are refused with 503, others go on") {
  ServerHouse house({}, {.max_buffered = 1u << 20});
  const std::string body(600'000, 'x');
  const std::string most = body.substr(1);
  const auto first = house.client();
  first->send(push_head(body.size()) + most);
  REQUIRE(house.turn_until([&] { return house.api.server().buffered() >= most.size(); }));
  const auto second = house.client();
  second->send(push_head(body.size()) + most);
  const Answer refused = second->answer();
  CHECK(refused.status == 503);
  CHECK(refused.field("Retry-After") == "1");
  CHECK(refused.field("Connection") == "close");
  CHECK(first->ask("x").status == 201);
  CHECK(house.store.totals().pushed == 1);
}

TEST_CASE("a refused body no longer counts as buffered, although its client is still there") {
  ServerHouse house({}, {.body_progress = milliseconds(30)});
  for (const std::string fields : {"Content-Length: 300000", "Transfer-Encoding: chunked"}) {
    INFO(fields);
    const auto client = house.client();
    client->send("POST /messages/a HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n\r\n");
    client->send("30000\r\n" + std::string(100'000, 'x'));
    REQUIRE(house.turn_until([&] { return house.api.server().buffered() >= 100'000; }));
    CHECK(client->answer().status == 408);
    CHECK(house.api.server().buffered() == 0);
  }
  const auto client = house.client();
  client->send("POST /messages/a HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
  client->send("186A0\r\n" + std::string(100'000, 'x') + "\r\nnonsense\r\n");
  CHECK(client->answer().status == 400);
  CHECK(house.api.server().buffered() == 0);
}

TEST_CASE("an answer that would hold more than max_buffered is given back with its connection") {
  ApiOptions options;
  options.max_message_size = 16u << 20;
  ServerHouse house(options, {.max_buffered = 13u << 20});
  house.push("a", std::string(12u << 20, 'x'));
  house.push("b", std::string(12u << 20, 'x'));
  std::vector<std::unique_ptr<RawClient>> clients;
  for (const std::string target : {"/messages/a?lease=60", "/messages/b?lease=60"}) {
    clients.push_back(house.client());
    clients.back()->shrink_receive_buffer();
    clients.back()->send(get_request(target));
    REQUIRE(house.turn_until([&] {
      return house.api.broker().deliveries() > 0 || house.api.counters().given_back > 0;
    }));
  }
  CHECK(house.turn_until([&] { return house.api.counters().given_back == 1; }));
  CHECK(house.turn_until([&] { return house.counts("b").queued == 1; }));
  CHECK(house.counts("a").leased == 1);
  CHECK(house.api.server().buffered() <= (13u << 20));
}

TEST_CASE("a server that drains answers parked polls with 504 and when to come back") {
  ServerHouse house;
  const auto plain = house.client();
  const auto several = house.client();
  plain->send(get_request("/messages/a"));
  several->send(get_request("/messages/b,c?empty=204"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1 && house.waiting("c") == 1; }));
  house.api.drain();
  for (RawClient* client : {plain.get(), several.get()}) {
    const Answer answer = client->answer();
    CHECK(answer.status == (client == plain.get() ? 504 : 204));
    const int retry_after = std::stoi(answer.field("Retry-After").value_or("0"));
    CHECK(retry_after >= 1);
    CHECK(retry_after <= 5);
    CHECK(answer.field("Pistachio-Wait").has_value());
    CHECK(answer.field("Connection") == "close");
    CHECK(client->closed_by_server());
  }
}

TEST_CASE("on a connection that was open, a server that drains is alive and not ready") {
  ServerHouse house;
  const auto first = house.client();
  const auto second = house.client();
  const auto third = house.client();
  for (RawClient* client : {first.get(), second.get(), third.get()})
    CHECK(client->ask(get_request("/readyz")).status == 200);
  house.api.drain();
  const Answer ready = first->ask(get_request("/readyz"));
  CHECK(ready.status == 503);
  CHECK(ready.body == "draining\n");
  CHECK(ready.field("Retry-After").has_value());
  CHECK(second->ask(get_request("/healthz")).status == 200);
  const Answer poll = third->ask(get_request("/messages/a"));
  CHECK(poll.status == 504);
  CHECK(poll.field("Retry-After").has_value());
}

TEST_CASE("a push that is under way when a server drains is finished before it is drained") {
  ServerHouse house;
  const auto client = house.client();
  client->send(push_head(3) + "on");
  REQUIRE(house.turn_until([&] { return house.api.server().buffered() > 0; }));
  house.api.drain();
  house.turn();
  CHECK_FALSE(house.api.drained());
  const Answer answer = client->ask("e");
  CHECK(answer.status == 201);
  CHECK(answer.field("Connection") == "close");
  CHECK(house.counts("a").queued == 1);
  client->close();
  CHECK(house.turn_until([&] { return house.api.drained(); }));
}
