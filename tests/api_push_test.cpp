// What a push may hold and what becomes of it, on real sockets (PROTOCOL section 4).

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;

namespace {

Answer push(ServerHouse& house, const std::string& target, const std::string& body,
            const std::string& fields = {}) {
  return house.ask(post_request("/messages/" + target, body, fields));
}

// Everything that endpoint a holds now, one after the other.
std::vector<std::string> bodies(ServerHouse& house) {
  std::vector<std::string> found;
  for (;;) {
    const Answer answer = house.get("/messages/a?wait=0");
    if (answer.status != 200) return found;
    found.push_back(answer.body);
  }
}

using Bodies = std::vector<std::string>;

ApiOptions small_messages() {
  ApiOptions options;
  options.max_message_size = 100;
  return options;
}

std::string chunked_head(const std::string& target) {
  return "POST " + target + " HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string head_with_length(const std::string& target, std::size_t length,
                             const std::string& fields = {}) {
  return "POST " + target + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(length) +
         "\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("a push is answered with 201 and the id under which its message is delivered") {
  ServerHouse house;
  const Answer first = push(house, "a", "one");
  CHECK(first.status == 201);
  CHECK(first.field("Content-Type") == "application/json");
  CHECK(first.body == "{\"id\":\"1\"}\n");
  CHECK(push(house, "a", "two").body == "{\"id\":\"2\"}\n");
  CHECK(house.get("/messages/a").field("Pistachio-Id") == "1");
}

TEST_CASE("a content type is kept, unless it is one that clients send without meaning it") {
  ServerHouse house;
  for (const auto& [sent, kept] : std::vector<std::pair<std::string, std::string>>{
           {"application/json", "application/json"},
           {"image/png; x=\"y z\"", "image/png; x=\"y z\""},
           {"text/plain; charset=iso-8859-1", "text/plain; charset=iso-8859-1"},
           {"text/plain; format=flowed", "text/plain; format=flowed"},
           {"text/html", "text/html"},
           {"application/x-www-form-urlencoded", "text/plain"},
           {"Application/X-WWW-Form-Urlencoded; charset=UTF-8", "text/plain"},
           {"text/plain", "text/plain"},
           {"TEXT/plain;charset=UTF-8", "text/plain"},
           {"text/plain; charset=\"utf-8\"", "text/plain"}}) {
    INFO(sent);
    CHECK(push(house, "a", "x", "Content-Type: " + sent + "\r\n").status == 201);
    CHECK(house.get("/messages/a").field("Content-Type") == kept);
  }
}

TEST_CASE("a content type that could not be sent back is refused") {
  ServerHouse house;
  CHECK(push(house, "a", "x", "Content-Type: t/" + std::string(254, 'x') + "\r\n").status == 400);
  CHECK(push(house, "a", "x", "Content-Type: t/\xc3\xa4\r\n").status == 400);
  CHECK(push(house, "a", "x", "Content-Type: t/" + std::string(253, 'x') + "\r\n").status == 201);
  CHECK(house.counts("a").queued == 1);
}

TEST_CASE("any bytes pass unchanged, and so does the empty message") {
  ServerHouse house;
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  for (const std::string& body : {every, std::string(), std::string("\r\n\r\nGET / HTTP/1.1"),
                                  std::string(1, '\0'), std::string(300'000, '\n')}) {
    REQUIRE(push(house, "a", body).status == 201);
    const Answer answer = house.get("/messages/a");
    CHECK(answer.status == 200);
    CHECK((answer.body == body));  // not shown when it fails: it is long
  }
  CHECK(house.ask("POST /messages/a HTTP/1.1\r\nHost: test\r\n\r\n").status == 201);
  CHECK(house.get("/messages/a").body.empty());
}

TEST_CASE("a delayed message is hidden until it is due and then stands at the end") {
  ServerHouse house;
  CHECK(push(house, "a?delay=0.04", "delayed").status == 201);
  CHECK(push(house, "a", "now").status == 201);
  CHECK(house.counts("a").delayed == 1);
  CHECK(house.get("/messages/a?wait=0").body == "now");
  const auto start = house.loop.now();
  CHECK(house.get("/messages/a").body == "delayed");
  CHECK(house.loop.now() - start < std::chrono::seconds(10));
}

TEST_CASE("a push with ttl= is dropped when nobody took it in time") {
  ServerHouse house;
  push(house, "a?ttl=0.02", "short");
  push(house, "a?ttl=600", "long");
  CHECK(house.turn_until([&] { return house.store.totals().expired == 1; }));
  CHECK(bodies(house) == Bodies{"long"});
}

TEST_CASE("the server's default ttl is for pushes that name none") {
  ApiOptions options;
  options.default_ttl = std::chrono::milliseconds(20);
  ServerHouse house(options);
  push(house, "a?ttl=600", "long");
  push(house, "a", "short");
  CHECK(house.turn_until([&] { return house.store.totals().expired == 1; }));
  CHECK(bodies(house) == Bodies{"long"});
}

TEST_CASE("split=lines makes a message of each line, however it ends") {
  ServerHouse house;
  const Answer answer = push(house, "a?split=lines", "one\ntwo\r\n\nfo\rur\r\n");
  CHECK(answer.status == 201);
  CHECK(answer.body == "{\"count\":4,\"first_id\":\"1\",\"last_id\":\"4\"}\n");
  CHECK(bodies(house) == Bodies{"one", "two", "", "fo\rur"});
  CHECK(push(house, "a?split=lines", "last\nwithout").body ==
        "{\"count\":2,\"first_id\":\"5\",\"last_id\":\"6\"}\n");
  CHECK(bodies(house) == Bodies{"last", "without"});
  CHECK(push(house, "a?split=lines", "").body == "{\"count\":0}\n");
  CHECK(bodies(house).empty());
}

TEST_CASE("split=lines gives each line the content type, delay and ttl of the push") {
  ServerHouse house;
  push(house, "a?split=lines&delay=0.02&ttl=600", "one\ntwo", "Content-Type: text/csv\r\n");
  CHECK(house.counts("a").delayed == 2);
  for (int i = 0; i < 2; ++i) CHECK(house.get("/messages/a").field("Content-Type") == "text/csv");
}

TEST_CASE(
    "split=ndjson takes data, content type, delay and ttl of each line and ignores the rest") {
  ServerHouse house;
  const Answer answer = push(house, "a?split=ndjson",
                             "{\"data\":\"h\\u00e9\\n\",\"id\":\"99\",\"attempt\":7}\n"
                             "{\"data_base64\":\"/wA=\",\"content_type\":\"image/png\"}\r\n"
                             "{\"data\":\"later\",\"delay\":60,\"ttl\":120.5}\n"
                             "{\"data\":\"gone\",\"ttl\":0.001}\n");
  CHECK(answer.body == "{\"count\":4,\"first_id\":\"1\",\"last_id\":\"4\"}\n");
  const Answer first = house.get("/messages/a");
  CHECK(first.body == "h\xc3\xa9\n");
  CHECK(first.field("Pistachio-Id") == "1");
  CHECK(first.field("Pistachio-Attempt") == "1");
  CHECK(first.field("Content-Type") == "text/plain");
  const Answer second = house.get("/messages/a");
  CHECK(second.body == std::string("\xff\0", 2));
  CHECK(second.field("Content-Type") == "image/png");
  CHECK(house.turn_until([&] { return house.store.totals().expired == 1; }));
  CHECK(house.counts("a").delayed == 1);
}

TEST_CASE("one line that does not parse refuses the whole split push and is named by its number") {
  ServerHouse house;
  for (const std::string bad :
       {"", "[]", "{\"data\":1}", "{}", "{\"data\":\"x\",\"data_base64\":\"\"}", "{\"data\":\"x\"",
        "{\"data_base64\":\"A\"}", "{\"data\":\"x\",\"delay\":-1}",
        "{\"data\":\"x\",\"ttl\":\"1\"}", "{\"data\":\"x\",\"content_type\":\"a\\r\\nb\"}",
        "{\"data\":\"\xff\"}"}) {
    INFO(bad);
    const Answer answer =
        push(house, "a?split=ndjson", "{\"data\":\"good\"}\n" + bad + "\n{\"data\":\"good\"}\n");
    CHECK(answer.status == 400);
    CHECK(answer.body.find("line 2") != std::string::npos);
    CHECK(house.store.totals().pushed == 0);
  }
}

TEST_CASE("a push under a key that was used adds nothing and is answered as the first was") {
  ServerHouse house;
  const std::string key = "Idempotency-Key: order 17\r\n";
  const Answer first = push(house, "a?ttl=60", "one", key);
  CHECK(first.status == 201);
  CHECK(first.field("Idempotency-Replayed") == std::nullopt);
  const Answer again = push(house, "a?ttl=60", "one", key);
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(again.field("Idempotency-Replayed") == "true");
  CHECK(push(house, "b?ttl=60", "one", key).field("Idempotency-Replayed") == std::nullopt);
  const Answer lines = push(house, "a?split=lines", "x\ny", "Idempotency-Key: lines\r\n");
  const Answer replay = push(house, "a?split=lines", "x\ny", "Idempotency-Key: lines\r\n");
  CHECK(replay.body == lines.body);
  CHECK(replay.field("Idempotency-Replayed") == "true");
  CHECK(bodies(house) == Bodies{"one", "x", "y"});
}

TEST_CASE("another body, content type, delay or ttl under the same key is a 422 and adds nothing") {
  ServerHouse house;
  const std::string key = "Idempotency-Key: k\r\n";
  REQUIRE(push(house, "a", "one", key).status == 201);
  CHECK(push(house, "a", "two", key).status == 422);
  CHECK(push(house, "a", "one", key + "Content-Type: text/html\r\n").status == 422);
  CHECK(push(house, "a?delay=1", "one", key).status == 422);
  CHECK(push(house, "a?ttl=1", "one", key).status == 422);
  CHECK(push(house, "a", "one", key + "Content-Type: text/plain\r\n").status == 201);
  CHECK(bodies(house) == Bodies{"one"});
}

TEST_CASE("a refused push does not use its key up") {
  ServerHouse house({}, {}, {.max_queued = 1});
  const std::string key = "Idempotency-Key: k\r\n";
  push(house, "a", "first");
  CHECK(push(house, "a", "one", key).status == 429);
  CHECK(house.get("/messages/a").body == "first");
  const Answer taken = push(house, "a", "another", key);
  CHECK(taken.status == 201);
  CHECK(taken.field("Idempotency-Replayed") == std::nullopt);
}

TEST_CASE("a key is 1 to 255 printable bytes") {
  ServerHouse house;
  for (const std::string& key :
       {std::string(), std::string(256, 'k'), std::string("k\xc3\xa4"), std::string("k\tk")}) {
    INFO(key);
    CHECK(push(house, "a", "x", "Idempotency-Key: " + key + "\r\n").status == 400);
  }
  CHECK(house.store.totals().pushed == 0);
  CHECK(push(house, "a", "x", "Idempotency-Key: " + std::string(255, 'k') + "\r\n").status == 201);
}

TEST_CASE("a field that decides what a push is and stands there twice is refused and named") {
  ServerHouse house;
  for (const std::string name : {"Idempotency-Key", "Content-Type"}) {
    const std::string line = name + ": text/html\r\n";
    const Answer answer = push(house, "a", "x", line + line);
    CHECK(answer.status == 400);
    CHECK(answer.body.find(name) != std::string::npos);
  }
  CHECK(house.store.totals().pushed == 0);
}

TEST_CASE("two pushes under one key that are under way together add one message") {
  ServerHouse house;
  const auto first = house.client();
  const auto second = house.client();
  const std::string request = post_request("/messages/a", "one", "Idempotency-Key: k\r\n");
  first->send(request);
  second->send(request);
  const Answer one = first->answer();
  const Answer two = second->answer();
  CHECK(one.status == 201);
  CHECK(two.status == 201);
  CHECK(one.body == two.body);
  CHECK(one.field("Idempotency-Replayed").has_value() !=
        two.field("Idempotency-Replayed").has_value());
  CHECK(bodies(house) == Bodies{"one"});
}

TEST_CASE("a push that the store has no room for is a 507, one that it cannot take now a 503") {
  ServerHouse house;
  house.front.error = Error{Errc::storage_full, "the disk is full"};
  const Answer full = push(house, "a", "x");
  CHECK(full.status == 507);
  CHECK(full.body.find("the disk is full") != std::string::npos);
  house.front.error = Error{Errc::unavailable, "the store is away"};
  const Answer away = push(house, "a", "x");
  CHECK(away.status == 503);
  CHECK(away.field("Retry-After") == "1");
  house.front.error.reset();
  CHECK(push(house, "a", "one").status == 201);
  CHECK(bodies(house) == Bodies{"one"});
}

TEST_CASE("a message of the largest size is taken and one byte more is a 413, in whatever frame") {
  ServerHouse house(small_messages());
  CHECK(push(house, "a", std::string(100, 'x')).status == 201);
  CHECK(push(house, "a", std::string(101, 'x')).status == 413);
  const std::string head = chunked_head("/messages/a");
  CHECK(house.ask(head + "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n").status == 201);
  CHECK(house.ask(head + "64\r\n" + std::string(100, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n").status ==
        413);
  const Answer announced = house.ask(head + "65\r\n");
  CHECK(announced.status == 413);
  CHECK(announced.body.find("more than 100 bytes") != std::string::npos);
  CHECK(house.store.totals().pushed == 2);
}

TEST_CASE("a split body may be 16 times as large as a message, and a line of it may not be") {
  ServerHouse house(small_messages());
  std::string body;
  for (int i = 0; i < 16; ++i) body += std::string(99, 'x') + '\n';
  CHECK(push(house, "a?split=lines", body).status == 201);
  const Answer long_body = push(house, "a?split=lines", body + "x");
  CHECK(long_body.status == 413);
  CHECK(long_body.body.find("at most 1600, 16 times --max-message-size") != std::string::npos);
  const Answer long_line = push(house, "a?split=lines", "short\n" + std::string(101, 'x'));
  CHECK(long_line.status == 413);
  CHECK(long_line.body.find("line 2") != std::string::npos);
  CHECK(house.store.totals().pushed == 16);
}

TEST_CASE("a client that sends a body that is too large sees the answer and then the end") {
  ServerHouse house;
  const auto client = house.client();
  client->send(head_with_length("/messages/a", 5'000'000));
  client->send(std::string(5'000'000, 'x'));
  const Answer answer = client->answer();
  CHECK(answer.status == 413);
  CHECK(answer.field("Connection") == "close");
  CHECK(answer.field("Content-Type") == "application/problem+json");
  client->end();
  CHECK(client->closed_by_server());
}

TEST_CASE("Expect: 100-continue is answered before the body, and the body is then taken") {
  ServerHouse house;
  const auto client = house.client();
  client->send(head_with_length("/messages/a", 3, "Expect: 100-continue\r\n"));
  CHECK(client->read(25) == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client->quiet());
  CHECK(client->ask("one").status == 201);
  CHECK(client->ask(get_request("/messages/a")).body == "one");
}

TEST_CASE("Expect: 100-continue for a body that is too large is answered with 413 at once") {
  ServerHouse house(small_messages());
  const auto client = house.client();
  client->send(head_with_length("/messages/a", 101, "Expect: 100-continue\r\n"));
  CHECK(client->read(13) == "HTTP/1.1 413 ");
}

TEST_CASE("a full endpoint answers 429 with Retry-After; delayed messages fill it, leased do not") {
  ServerHouse house({}, {}, {.max_queued = 2});
  push(house, "a", "one");
  push(house, "a?delay=60", "two");
  const Answer full = push(house, "a", "three");
  CHECK(full.status == 429);
  CHECK(full.field("Retry-After") == "1");
  CHECK(full.field("Content-Type") == "application/problem+json");
  CHECK(push(house, "b", "elsewhere").status == 201);
  house.get("/messages/a?lease=60");
  CHECK(push(house, "a?split=lines", "x\ny").status == 429);
  // Three will never fit: nobody is told to try that again.
  const Answer never = push(house, "a?split=lines", "x\ny\nz");
  CHECK(never.status == 413);
  CHECK(never.field("Retry-After") == std::nullopt);
  CHECK(push(house, "a", "three").status == 201);
}

TEST_CASE("a chunked body is one message, however its bytes arrive") {
  ServerHouse house;
  const auto client = house.client();
  for (const char c : chunked_head("/messages/a") + "3;x=y\r\none\r\nA\r\n0123456789\r\n0\r\n" +
                          "Trailer: t\r\n\r\n") {
    client->send(std::string(1, c));
    house.turn();
  }
  CHECK(client->answer().status == 201);
  CHECK(bodies(house) == Bodies{"one0123456789"});
}

TEST_CASE("a push parameter that is unknown, repeated or malformed is named and adds nothing") {
  ServerHouse house;
  for (const auto& [query, culprit] :
       std::vector<std::pair<std::string, std::string>>{{"dealy=1", "dealy"},
                                                        {"delay=1&delay=1", "delay"},
                                                        {"delay=", "delay"},
                                                        {"ttl=-1", "ttl"},
                                                        {"split=words", "split"},
                                                        {"wait=1", "wait"},
                                                        {"redrive=2", "redrive"},
                                                        {"ttl=1s", "ttl"},
                                                        {"redrive=1&delay=1", "redrive"}}) {
    INFO(query);
    const Answer answer = push(house, "a?" + query, "x");
    CHECK(answer.status == 400);
    CHECK(answer.body.find(culprit) != std::string::npos);
  }
  CHECK(push(house, "a,b", "x").status == 400);
  CHECK(house.store.totals().pushed == 0);
}
