// What other programs put into the keys of an endpoint, and what an administrator may forbid while
// the server runs: everything is delivered or kept as it was, and nothing is lost.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/redis_house.h"
#include "tests/support/redis_trouble.h"

using namespace pistachio;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

namespace {

// Gives a lease back and waits until that has been answered, whatever the answer.
void try_give_back(StoreDriver& driver, const Receipt& receipt, GiveBack how) {
  bool is_answered = false;
  driver.store().give_back(endpoint("a"), receipt, how, [&](auto&&) { is_answered = true; });
  REQUIRE(driver.rig().turn_until([&] { return is_answered; }));
}

void try_redrive(StoreDriver& driver) {
  bool is_answered = false;
  driver.store().redrive(endpoint("a.dead"), [&](auto&&) { is_answered = true; });
  REQUIRE(driver.rig().turn_until([&] { return is_answered; }));
}

}  // namespace

TEST_CASE("what nobody can read in our keys becomes a dead letter, once") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  house.server.ask({"RPUSH", "{test:a}:retry", "junk"});
  house.server.ask({"ZADD", "{test:a}:delay", "1", "rubbish"});
  house.server.ask({"HSET", "{test:a}:lease", "r", "nonsense"});
  house.server.ask({"ZADD", "{test:a}:due", "1", "r"});
  house.first.push("a", "good");
  CHECK(house.first.drain("a") == Texts{"good"});
  CHECK(house.first.claim("a").empty());
  CHECK_THAT(house.first.drain("a.dead"),
             Catch::UnorderedEquals(Texts{"junk", "rubbish", "nonsense"}));
  CHECK(house.server.ask({"KEYS", "*"}).empty());
}

TEST_CASE(
    "a header is the same to the scripts as to the server: no other expires, no other changes") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  const std::string mark(kElementMark);
  const std::string ended = "\"expires\":\"5\"";
  for (const std::string& header : {std::string("{\"expires\":null}"),
                                    std::string("{\"expires\":\"abc\"}"),
                                    std::string("{\"expires\":{}}"),
                                    std::string("{\"expires\":\"\"}"),
                                    std::string("{\"expires\":true}"),
                                    std::string("{\"expires\":\"nan\"}"),
                                    std::string("{\"expires\":-5}"),
                                    std::string("{\"expires\": \"5\"}"),
                                    "{" + ended + ",}",
                                    "{ " + ended + "}",
                                    "{" + ended + ",\"a\":null}",
                                    "{" + ended + ",\"a\":{}}",
                                    "{" + ended + ",\"a\":\"\\u00e4\"}",
                                    "{" + ended + ",\"a\\/b\":\"c\"}",
                                    "{" + ended + ",\"a\":\"\xff\"}",
                                    "{" + ended + ",\"a\":\"\xc0\x80\"}",
                                    "{" + ended + ",\"a\":\"\xe0\x9f\xbf\"}",
                                    "{" + ended + ",\"a\":\"\xed\xa0\x80\"}",
                                    "{" + ended + ",\"a\":\"\xf0\x8f\xbf\xbf\"}",
                                    "{" + ended + ",\"a\":\"\xf4\x90\x80\x80\"}",
                                    "{" + ended + ",\"type\":\"a\\nb\"}",
                                    "{" + ended + ",\"a\":01}",
                                    "{" + ended + ",\"a\":1.}",
                                    "[{" + ended + "}]"}) {
    INFO(header);
    const std::string element = mark + header + "\nbody";
    const std::string body(RedisElement::parse(element).body);
    house.server.ask({"DEL", "test:a"});
    house.server.ask({"RPUSH", "test:a", element});
    const auto first = house.first.claim("a");
    CHECK(bodies(first) == Texts{body});
    if (first.empty()) continue;
    REQUIRE(house.first.give_back("a", first.front().receipt));
    CHECK(house.first.drain("a") == Texts{body});
  }
  for (const std::string& header :
       {"{" + ended + "}", std::string("{\"expires\":5}"),
        "{\"type\":\"a; b=\\\"c\\\"\"," + ended + ",\"n\":0.5,\"m\":10}",
        "{\"a\":\"\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"," + ended + "}",
        "{\"type\":\"\xc3\xa4\\\\u\\u0041\"," + ended + "}"}) {
    INFO(header);
    const std::string element = mark + header + "\nbody";
    REQUIRE(RedisElement::parse(element).body == "body");
    house.server.ask({"RPUSH", "test:a", element});
    CHECK(house.first.claim("a").empty());
  }
}

TEST_CASE("an entry that is no id, attempts and element is never handed out, and kept") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house;
  const Texts odd{"i\r\nSet-Cookie: x:1:b",
                  "a b:1:b",
                  "\xff:1:b",
                  std::string("n\0l:1:b", 7),
                  std::string(65, 'i') + ":1:b",
                  "i:-1:b",
                  "i:+1:b",
                  "i:0x5:b",
                  "i:1e3:b",
                  "i: 1:b",
                  "i:1.5:b",
                  "i:9999999999:b",
                  "i::b",
                  "i:1"};
  for (const std::string& entry : odd) house.server.ask({"RPUSH", "{test:a}:retry", entry});
  house.server.ask({"RPUSH", "{test:a}:retry", std::string(64, 'i') + ":999999998:good"});
  const auto good = house.first.take("a");
  CHECK(good.body == "good");
  CHECK(good.attempt == 999999999);
  CHECK(house.first.settle("a", {good.receipt}).empty());
  for (const std::string& entry : odd) {
    const auto seen = house.first.take("a.dead");
    INFO(entry);
    CHECK(seen.body == entry);
    CHECK(RedisEntry::parse(seen.id + ":0:").has_value());
    CHECK(house.first.settle("a.dead", {seen.receipt}).empty());
  }
  CHECK(house.server.ask({"KEYS", "*"}).empty());
}

TEST_CASE("what a header says beside its expires is never written anew") {
  if (!RedisServer::is_installed()) return;
  RedisHouse house({.store = {.max_attempts = 5}, .name_space = "test"});
  const std::string members = "\"type\":\"a\\u0062\",\"n\":" + std::string(400, '9') +
                              ",\"m\":0.10000000000000000001,\"k\":12345678901234567890";
  const std::string expires =
      GENERATE(as<std::string>(), "\"expires\":\"9999999999999\"", "\"expires\":9999999999999.5");
  const std::string header = GENERATE_COPY(members + "," + expires, expires + "," + members,
                                           expires + "," + expires + "," + members);
  house.server.ask({"RPUSH", "test:a", std::string(kElementMark) + "{" + header + "}\nbody"});
  house.first.push("a", "neighbour");
  const std::string kept = std::string(kElementMark) + "{" + members + "}\nbody";
  const auto first = house.first.take("a", seconds(10));
  CHECK(first.content_type == "ab");
  CHECK(first.body == "body");
  SECTION("when it is given back") {
    REQUIRE(house.first.give_back("a", first.receipt));
    CHECK(house.server.ask({"LPOP", "test:a"}) == kept);
  }
  SECTION("when its lease ends, and its attempts") {
    const auto neighbour = house.first.take("a", seconds(10));
    for (int i = 0; i < 5; ++i) {
      house.first.pass(seconds(10));
      house.first.claim("a", 2, seconds(10));
    }
    CHECK(house.server.ask({"LRANGE", "{test:a}:dead", "0", "-1"}) ==
          first.id + ":5:" + kept + "\n" + neighbour.id + ":5:neighbour");
    house.first.redrive("a.dead");
    const std::string id = ",\"id\":\"" + first.id + "\"}\nbody";
    CHECK(house.server.ask({"LINDEX", "test:a", "0"}) ==
          std::string(kElementMark) + "{" + members + id);
    const auto again = house.first.take("a");
    CHECK(again.id == first.id);
    CHECK(again.content_type == "ab");
  }
  SECTION("when it becomes a dead letter at once") {
    REQUIRE(house.first.give_back("a", first.receipt, {.counted = true, .dead = true}));
    CHECK(house.server.ask({"LPOP", "{test:a}:dead"}) == first.id + ":1:" + kept);
  }
}

TEST_CASE("whatever an administrator forbids while it runs, nothing is lost or there twice") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(as_user(server, "&*"), server);
  const std::string right = GENERATE(as<std::string>(), "lpush", "rpush", "lpop", "rpop", "zadd",
                                     "zrem", "hset", "hdel", "hget", "zrangebyscore", "lindex");
  INFO("without " << right);
  Texts all{"released", "hidden", "dying", "expired", "delayed", "queued", "dead"};
  house.first.push("a", all[0], {.more = {all[1], all[2], all[3], all[6]}});
  const auto released = house.first.take("a", seconds(1000));
  const auto hidden = house.first.take("a", seconds(1000));
  const auto dying = house.first.take("a", seconds(1000));
  house.first.take("a", seconds(10));
  const auto dead = house.first.take("a", seconds(1000));
  REQUIRE(house.first.give_back("a", dead.receipt, {.dead = true}));
  house.first.push("a", "delayed", {.delay = seconds(10)});
  house.first.push("a", "queued");

  server.ask({"ACL", "SETUSER", "u", "-" + right});
  for (int i = 0; i < 3; ++i) {
    try_give_back(house.first, released.receipt, {.counted = i > 0});
    try_give_back(house.first, hidden.receipt, {.hidden = seconds(1)});
    try_give_back(house.first, dying.receipt, {.dead = true});
    house.first.pass(seconds(10));
    try_redrive(house.first);
  }
  server.ask({"ACL", "SETUSER", "u", "+" + right});
  Texts found;
  for (int i = 0; i < 30; ++i) {
    house.first.pass(seconds(100));
    for (const char* name : {"a", "a.dead"}) {
      for (const std::string& body : house.first.drain(name)) found.push_back(body);
    }
  }
  CHECK_THAT(found, Catch::UnorderedEquals(all));
  CHECK(server.ask({"KEYS", "*"}).empty());
}

TEST_CASE("a push of which Redis allows only a part is refused as a whole") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(as_user(server, "&*"), server);
  const std::string right = GENERATE(as<std::string>(), "set", "zadd", "rpush");
  INFO("without " << right);
  server.ask({"ACL", "SETUSER", "u", "-" + right});
  Push push = StoreDriver::push_of("a", "1", {.more = {"2", "3"}, .key = "k"});
  push.more[0].delay = seconds(10);
  bool is_refused = false;
  house.first.store().push(Push(push),
                           [&](const Expected<Pushed>& result) { is_refused = !result; });
  REQUIRE(house.first.rig().turn_until([&] { return is_refused; }));
  CHECK(server.ask({"KEYS", "*"}).empty());
}
