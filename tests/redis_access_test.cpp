// What a Redis lets us do: passwords, databases and users (REDIS.md, "Errors"), at the start and
// while it runs.

#include <string>
#include <vector>

#include "tests/support/redis_house.h"
#include "tests/support/redis_trouble.h"

using namespace pistachio;
using std::chrono::milliseconds;

TEST_CASE("a Redis that wants a password, another one or none is refused at the start") {
  if (!RedisServer::is_installed()) return;
  RedisServer server({"--requirepass", "right"});
  const auto url = [&](const std::string& who) { return "redis+unix://" + who + server.socket(); };
  CHECK(says(trouble_of(url("")), "asks for a password"));
  const std::string wrong = trouble_of(url(":wrong@"));
  CHECK(says(wrong, "WRONGPASS"));
  CHECK_FALSE(says(wrong, "wrong@"));
  CHECK(trouble_of(url(":right@")).empty());
  CHECK(says(trouble_of("redis+unix://:right@" + RedisServer::shared().socket()), "has none"));
}

TEST_CASE("a database that is not there, a place where no Redis is, are refused at the start") {
  if (!RedisServer::is_installed()) return;
  CHECK(says(trouble_of(RedisServer::shared().url() + "?db=99"), "no database of that number"));
  CHECK(trouble_of(RedisServer::shared().url() + "?db=3").empty());
  CHECK(says(trouble_of("redis+unix:///nowhere/redis.sock"), "cannot connect"));
  CHECK(says(trouble_of("redis://127.0.0.1:1"), "cannot connect"));
  CHECK(says(trouble_of("redis://no.such.host.invalid"), "cannot resolve"));
}

TEST_CASE("a user who may not do what is needed is refused at the start") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  const auto url = "redis+unix://u:p@" + server.socket();
  server.ask({"ACL", "SETUSER", "u", "on", ">p", "~*", "&*", "+@all", "-evalsha"});
  CHECK(says(trouble_of(url), "NOPERM"));
  server.ask({"ACL", "SETUSER", "u", "resetkeys", "~other:*", "+evalsha"});
  CHECK(says(trouble_of(url), "NOPERM"));
}

TEST_CASE("what the user of an ACL may not do within a script is advised on as outside of one") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  const std::vector<std::string> rule =
      GENERATE(std::vector<std::string>{"-lpop"}, std::vector<std::string>{"resetkeys", "~test:*"});
  std::vector<std::string> limit{"ACL", "SETUSER", "u"};
  limit.insert(limit.end(), rule.begin(), rule.end());
  RedisHouse house(as_user(server, "&*"), server);
  server.ask(limit);
  const Error refused = refused_claim(house.first, "a");
  CHECK(refused.code == Errc::unavailable);
  CHECK(says(refused.message, "see the ACL rules in the manual"));
}

TEST_CASE("where Redis does not ring, endpoints that are waited for are looked at") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(as_user(server, "resetchannels"), server);
  REQUIRE_FALSE(house.first_redis().has_doorbell());
  REQUIRE(house.first_rig().reports().size() == 1);
  CHECK(house.first_rig().reports()[0].severity == Severity::warning);
  CHECK(says(house.first_redis().caveat(), "four times a second"));
  REQUIRE(house.first.claim("a").empty());
  server.ask({"RPUSH", "test:a", "1"});
  CHECK(house.first.rung["a"] == 0);
  house.first.pass(milliseconds(250));
  CHECK(house.first.rung["a"] >= 1);  // a look that was under way may ring, too
  CHECK(house.first.take("a").body == "1");
}
