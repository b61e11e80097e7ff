// What a poll may say and what it hears, on real sockets (PROTOCOL sections 1 to 3).

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;

namespace {

// The head of an answer without the two values that differ from run to run.
std::string steady_head(const Answer& answer) {
  std::string head = answer.head;
  for (const std::string name : {"Date: ", "Pistachio-Age: "}) {
    const auto at = head.find(name);
    if (at == std::string::npos) continue;
    const auto from = at + name.size();
    head.replace(from, head.find("\r\n", from) - from, "*");
  }
  return head;
}

double number_in(const Answer& answer, const std::string& field) {
  return std::stod(answer.field(field).value_or("-1"));
}

Answer ask_with(ServerHouse& house, const std::string& target, const std::string& fields) {
  return house.ask(get_request(target, fields));
}

// The answer to a HEAD: its Content-Length announces bytes that do not follow.
std::string head_of(RawClient& client, const std::string& target, const std::string& fields = {}) {
  client.send("HEAD " + target + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n");
  std::string head;
  while (!head.ends_with("\r\n\r\n")) head += client.read(1);
  return head;
}

std::string many_names(int count) {
  std::string names;
  for (int i = 0; i < count; ++i) names += (i > 0 ? ",n" : "n") + std::to_string(i);
  return names;
}

}  // namespace

TEST_CASE("a message is answered with exactly these fields and its bytes") {
  ServerHouse house;
  house.push("foobar", "hello");
  const Answer answer = house.get("/messages/foobar");
  CHECK(steady_head(answer) ==
        "HTTP/1.1 200 OK\r\nDate: *\r\nContent-Type: text/plain\r\nPistachio-Id: 1\r\n"
        "Pistachio-Attempt: 1\r\nPistachio-Age: *\r\nCache-Control: no-store\r\n"
        "Content-Length: 5");
  CHECK(answer.body == "hello");
}

TEST_CASE("a poll that nothing came for is answered with exactly these fields and 28 bytes") {
  ServerHouse house;
  const Answer answer = house.get("/messages/foobar?wait=0");
  CHECK(steady_head(answer) ==
        "HTTP/1.1 504 Gateway Timeout\r\nDate: *\r\nContent-Type: text/plain\r\n"
        "Pistachio-Wait: 0\r\nCache-Control: no-store\r\nContent-Length: 28");
  CHECK(answer.body == "Timeout waiting for response");
}

TEST_CASE("the fields of a 504 to a leased poll are those of any other 504") {
  ServerHouse house;
  CHECK(steady_head(house.get("/messages/a?wait=0&lease=5")) ==
        steady_head(house.get("/messages/a?wait=0")));
}

TEST_CASE("a poll is held as long as it asks for, and no longer than the server's timeout") {
  ApiOptions options;
  options.timeout = std::chrono::milliseconds(40);
  ServerHouse house(options);
  for (const auto& [target, least] :
       std::vector<std::pair<std::string, int>>{{"/messages/a?wait=0.02", 20},
                                                {"/messages/a?wait=3600", 40},
                                                {"/messages/a", 40},
                                                {"/messages/a?wait=0", 0}}) {
    INFO(target);
    const auto start = std::chrono::steady_clock::now();
    const Answer answer = house.get(target);
    const auto took = std::chrono::steady_clock::now() - start;
    CHECK(answer.status == 504);
    CHECK(took >= std::chrono::milliseconds(least));
    CHECK(took < std::chrono::seconds(20));
    CHECK(number_in(answer, "Pistachio-Wait") * 1000 >= least);
    CHECK(number_in(answer, "Pistachio-Wait") < 20);
  }
}

TEST_CASE("a message that comes while a poll is parked answers it") {
  ServerHouse house;
  const auto client = house.client();
  client->send(get_request("/messages/a"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
  house.push("a", "late");
  CHECK(client->answer().body == "late");
}

TEST_CASE("polls of one endpoint are answered in the order in which they arrived") {
  ServerHouse house;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (std::size_t i = 0; i < 5; ++i) {
    clients.push_back(house.client());
    clients.back()->send(get_request("/messages/a"));
    REQUIRE(house.turn_until([&] { return house.waiting("a") == i + 1; }));
  }
  for (int i = 0; i < 5; ++i) house.push("a", std::to_string(i));
  for (std::size_t i = 0; i < 5; ++i) CHECK(clients[i]->answer().body == std::to_string(i));
}

TEST_CASE("Prefer: wait= holds a poll and is acknowledged with what was applied") {
  ApiOptions options;
  options.timeout = std::chrono::milliseconds(30);
  ServerHouse house(options);
  const Answer held = ask_with(house, "/messages/a", "Prefer: respond-async, wait=0.01\r\n");
  CHECK(held.status == 504);
  CHECK(held.field("Preference-Applied") == "wait=0.01");
  CHECK(ask_with(house, "/messages/a", "Prefer: wait=100\r\n").field("Preference-Applied") ==
        "wait=0.03");
  CHECK(ask_with(house, "/messages/a", "Prefer: x=\"a, wait=20\", wait=0\r\n")
            .field("Preference-Applied") == "wait=0");
  house.push("a", "one");
  const Answer message = ask_with(house, "/messages/a", "Prefer: wait=0\r\n");
  CHECK(message.status == 200);
  CHECK(message.field("Preference-Applied") == "wait=0");
}

TEST_CASE("wait= beats Prefer, whose field is then not acknowledged, nor is a malformed one") {
  ServerHouse house;
  const Answer answer = ask_with(house, "/messages/a?wait=0", "Prefer: wait=20\r\n");
  CHECK(answer.status == 504);
  CHECK(answer.field("Preference-Applied") == std::nullopt);
  house.push("a", "one");
  const Answer malformed = ask_with(house, "/messages/a", "Prefer: wait=soon\r\n");
  CHECK(malformed.status == 200);
  CHECK(malformed.field("Preference-Applied") == std::nullopt);
}

TEST_CASE("empty=204 turns a wait that ends empty into a 204 without a body, and nothing else") {
  ServerHouse house;
  const Answer empty = house.get("/messages/a?empty=204&wait=0");
  CHECK(steady_head(empty) ==
        "HTTP/1.1 204 No Content\r\nDate: *\r\nPistachio-Wait: 0\r\nCache-Control: no-store");
  house.push("a", "one");
  CHECK(house.get("/messages/a?empty=204").body == "one");
  CHECK(house.get("/messages/a?empty=200").status == 400);
}

TEST_CASE("of several names the first that holds a message answers and is named") {
  ServerHouse house;
  house.push("low", "third");
  house.push("high", "first");
  house.push("high", "second");
  for (const std::string expected : {"high first", "high second", "low third"}) {
    const Answer answer = house.get("/messages/high,empty,low?wait=0");
    CHECK(answer.field("Pistachio-Endpoint").value_or("none") + " " + answer.body == expected);
  }
  CHECK(house.get("/messages/high,low?wait=0").field("Pistachio-Endpoint") == std::nullopt);
  house.push("low", "alone");
  CHECK(house.get("/messages/low").field("Pistachio-Endpoint") == std::nullopt);
}

TEST_CASE("a poll parked at several names is answered once, by whichever is pushed to") {
  ServerHouse house;
  const auto client = house.client();
  client->send(get_request("/messages/a,b"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1 && house.waiting("b") == 1; }));
  house.push("b", "one");
  CHECK(client->answer().field("Pistachio-Endpoint") == "b");
  CHECK(house.waiting("a") == 0);
  house.push("a", "two");
  CHECK(client->quiet());
  CHECK(house.get("/messages/a").body == "two");
}

TEST_CASE("64 names are polled, 65 and a name given twice are refused") {
  ServerHouse house;
  house.push("n63", "last");
  CHECK(house.get("/messages/" + many_names(65)).status == 400);
  const Answer twice = house.get("/messages/n63,a,n63");
  CHECK(twice.status == 400);
  CHECK(twice.body.find("n63") != std::string::npos);
  CHECK(house.counts("n63").queued == 1);
  CHECK(house.get("/messages/" + many_names(64)).body == "last");
}

TEST_CASE("max=N answers what is there as NDJSON, in order and from one name only") {
  ServerHouse house;
  for (const std::string body : {"1", "2", "3"}) house.push("a", body);
  house.push("b", "other");
  const Answer answer = house.get("/messages/a,b?max=2");
  CHECK(answer.field("Content-Type") == "application/x-ndjson");
  CHECK(answer.field("Pistachio-Endpoint") == "a");
  CHECK(answer.field("Pistachio-Id") == std::nullopt);
  std::string lines = answer.body;
  for (auto at = lines.find("\"age\":"); at != std::string::npos; at = lines.find("\"age\":", at)) {
    lines.erase(at, lines.find(',', at) + 1 - at);
  }
  CHECK(lines ==
        "{\"id\":\"1\",\"endpoint\":\"a\",\"attempt\":1,\"content_type\":\"text/plain\","
        "\"data\":\"1\"}\n"
        "{\"id\":\"2\",\"endpoint\":\"a\",\"attempt\":1,\"content_type\":\"text/plain\","
        "\"data\":\"2\"}\n");
  CHECK(house.get("/messages/a,b?max=1000").body.find("\"data\":\"3\"") != std::string::npos);
  CHECK(house.counts("b").queued == 1);
}

TEST_CASE("a poll for many does not wait for more than the first") {
  ServerHouse house;
  const auto client = house.client();
  client->send(get_request("/messages/a?max=10"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
  house.push("a", "one");
  CHECK(client->answer().body.find("\"data\":\"one\"") != std::string::npos);
}

TEST_CASE("Accept: application/x-ndjson wraps even one message, with its fields in the head too") {
  ServerHouse house;
  house.push("a", "one");
  const Answer lines =
      ask_with(house, "/messages/a", "Accept: text/html, application/x-ndjson;q=0.5\r\n");
  CHECK(lines.field("Content-Type") == "application/x-ndjson");
  CHECK(lines.field("Pistachio-Id") == "1");
  CHECK(lines.field("Pistachio-Attempt") == "1");
  CHECK(lines.body.starts_with("{\"id\":\"1\",\"endpoint\":\"a\",\"attempt\":1,\"age\":"));
  house.push("a", "two");
  CHECK(ask_with(house, "/messages/a", "Accept: application/x-ndjson;q=0, */*\r\n").body == "two");
}

TEST_CASE("bytes that are not UTF-8 travel as base64 in an envelope and as they are without one") {
  ServerHouse house;
  const std::string bytes("\xff\x00\n\x80", 4);
  for (int i = 0; i < 2; ++i) house.push("a", bytes);
  const Answer lines = house.get("/messages/a?max=1");
  CHECK(lines.body.find("\"data_base64\":\"/wAKgA==\"") != std::string::npos);
  CHECK(lines.body.find("\"data\":") == std::string::npos);
  CHECK(house.get("/messages/a").body == bytes);
}

TEST_CASE("a message that was given back says that this is another attempt, under the same id") {
  ServerHouse house;
  house.push("a", "one");
  house.get("/messages/a?lease=0.02");
  const Answer again = house.get("/messages/a");
  CHECK(again.field("Pistachio-Id") == "1");
  CHECK(again.field("Pistachio-Attempt") == "2");
  CHECK(number_in(again, "Pistachio-Age") >= 0.02);
}

TEST_CASE("HEAD shows what is queued and who waits, at once, and takes nothing") {
  ServerHouse house;
  house.push("a", "one");
  house.push("a", "two");
  const auto client = house.client();
  std::string head = head_of(*client, "/messages/a");
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(head.find("Cache-Control: no-store\r\n") != std::string::npos);
  CHECK(head.find("Pistachio-Queued: 2\r\n") != std::string::npos);
  CHECK(head.find("Pistachio-Waiting: 0\r\n") != std::string::npos);
  const auto parked = house.client();
  parked->send(get_request("/messages/b"));
  REQUIRE(house.turn_until([&] { return house.waiting("b") == 1; }));
  head = head_of(*client, "/messages/b");
  CHECK(head.find("Pistachio-Queued: 0\r\n") != std::string::npos);
  CHECK(head.find("Pistachio-Waiting: 1\r\n") != std::string::npos);
  CHECK(head_of(*client, "/messages/a,b").starts_with("HTTP/1.1 400 "));
  CHECK(head_of(*client, "/messages/a?wait=0").starts_with("HTTP/1.1 400 "));
  CHECK(client->ask(get_request("/messages/a")).body == "one");
}

TEST_CASE("a prefetch is refused and takes nothing") {
  ServerHouse house;
  house.push("a", "one");
  for (const std::string fields :
       {"Sec-Purpose: prefetch\r\n", "Sec-Purpose: prefetch;prerender\r\n",
        "Purpose: prefetch\r\n"}) {
    INFO(fields);
    const Answer answer = ask_with(house, "/messages/a", fields);
    CHECK(answer.status == 403);
    CHECK(answer.field("Cache-Control") == "no-store");
  }
  CHECK(house.get("/messages/a").body == "one");
}

TEST_CASE("a poll or push that a foreign page caused is refused, and one of our own is not") {
  ApiOptions options;
  options.cors_origins = {"https://friend.example"};
  ServerHouse house(options);
  house.push("a", "one");
  for (const std::string fields :
       {"Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://stranger.example\r\n"}) {
    INFO(fields);
    CHECK(ask_with(house, "/messages/a?wait=0", fields).status == 403);
    CHECK(house.ask(post_request("/messages/a", "x", fields)).status == 403);
  }
  CHECK(house.counts("a").queued == 1);
  for (const std::string fields :
       {"", "Sec-Fetch-Site: none\r\n", "Sec-Fetch-Site: same-origin\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://friend.example\r\n"}) {
    INFO(fields);
    CHECK(house.ask(post_request("/messages/b", "x", fields)).status == 201);
    CHECK(ask_with(house, "/messages/b?wait=0", fields).status == 200);
  }
}

TEST_CASE("a parameter that is unknown, repeated or malformed is named, and nothing is taken") {
  ServerHouse house;
  house.push("a", "one");
  for (const auto& [query, culprit] : std::vector<std::pair<std::string, std::string>>{
           {"leese=30", "leese"},      {"wait=0&wait=0", "wait"}, {"wait=", "wait"},
           {"wait=-1", "wait"},        {"wait=1e3", "wait"},      {"wait=inf", "wait"},
           {"wait", "wait"},           {"lease=0", "lease"},      {"lease=x", "lease"},
           {"max=0", "max"},           {"max=1001", "max"},       {"max=1.5", "max"},
           {"max=201&lease=5", "max"}, {"ack=short", "ack"},      {"ack=", "ack"},
           {"empty=1", "empty"},       {"peek=0", "peek"},        {"peek=1001", "peek"},
           {"peek=1&wait=0", "peek"},  {"Wait=1", "Wait"},        {"w%61it=x", "wait"},
           {"wait=%zz", "wait=%zz"},   {"delay=1", "delay"},      {"id=1", "id"}}) {
    INFO(query);
    const Answer answer = house.get("/messages/a?" + query);
    CHECK(answer.status == 400);
    CHECK(answer.field("Cache-Control") == "no-store");
    CHECK(answer.body.find(culprit) != std::string::npos);
    CHECK(house.counts("a").queued == 1);
  }
}

TEST_CASE("the parameter _ is for cache busters and changes nothing") {
  ServerHouse house;
  house.push("a", "one");
  CHECK(house.get("/messages/a?_=1&wait=0&_=2").body == "one");
}

TEST_CASE("a name is percent-decoded once and then checked") {
  ServerHouse house;
  house.push("foo.bar", "one");
  CHECK(house.get("/messages/%66oo%2Ebar").body == "one");
  house.push("b", "two");
  CHECK(house.get("/messages/a%2Cb").field("Pistachio-Endpoint") == "b");
  for (const std::string name : {"%2566oo", "a%2Fb", "a%00", "%", "%4", "a%20b", "a%0D%0A"}) {
    INFO(name);
    CHECK(house.get("/messages/" + name + "?wait=0").status == 400);
  }
}

TEST_CASE("only 1 to 128 of the allowed characters are a name") {
  ServerHouse house;
  const std::string longest(128, 'x');
  for (const std::string& name : {longest, std::string("A-z_0.9"), std::string("a.dead")}) {
    INFO(name);
    CHECK(house.get("/messages/" + name + "?wait=0").status == 504);
  }
  for (const std::string& name :
       {longest + "x", std::string(), std::string(".a"), std::string("a+b"), std::string("a:b"),
        std::string("a.dead.dead"), std::string("a,"), std::string(",a"), std::string("a,,b")}) {
    INFO(name);
    CHECK(house.get("/messages/" + name + "?wait=0").status == 400);
    CHECK(house.ask(post_request("/messages/" + name, "x")).status == 400);
  }
  CHECK(house.store.totals().pushed == 0);
}

TEST_CASE("a poll that the store cannot serve now is a 503 that says when to try again") {
  ServerHouse house;
  house.push("a", "one");
  house.front.error = Error{Errc::unavailable, "the store is away"};
  const Answer answer = house.get("/messages/a");
  CHECK(answer.status == 503);
  CHECK(answer.field("Retry-After") == "1");
  CHECK(answer.field("Cache-Control") == "no-store");
  house.front.error.reset();
  CHECK(house.get("/messages/a").body == "one");
}
