#include "core/store/redis_address.h"

#include <string>

#include "tests/support/catch.h"

using namespace pistachio;

TEST_CASE("a Redis URL names host, port, database, user and password") {
  const auto plain = RedisAddress::parse("redis://example.org").value();
  CHECK(plain.host == "example.org");
  CHECK(plain.port == 6379);
  CHECK(plain.database == 0);
  CHECK(plain.password.empty());
  const auto full = RedisAddress::parse("redis://me:a%40b:c@10.0.0.1:7000/15").value();
  CHECK(full.host == "10.0.0.1");
  CHECK(full.port == 7000);
  CHECK(full.database == 15);
  CHECK(full.user == "me");
  CHECK(full.password == "a@b:c");
  CHECK(RedisAddress::parse("redis://:p@ss@h/").value().password == "p@ss");
  CHECK(RedisAddress::parse("redis://[::1]:7000/2").value().host == "::1");
  const auto socket = RedisAddress::parse("redis+unix://:secret@/run/redis.sock?db=3").value();
  CHECK(socket.path == "/run/redis.sock");
  CHECK(socket.database == 3);
  CHECK(socket.password == "secret");
}

TEST_CASE("a Redis URL that cannot be understood is refused without showing its password") {
  for (const std::string url :
       {"redis://", "redis://:6379", "redis://h:0", "redis://h:70000", "redis://h:x", "redis://h/x",
        "redis://h/-1", "redis://secret@h", "redis://:%4@h:1/secret", "redis://[::1",
        "redis://[::1]x", "redis+unix://", "redis+unix://relative", "redis+unix:///x?port=1",
        "redis:h", "redisx://h"}) {
    INFO(url);
    const auto parsed = RedisAddress::parse(url);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("Sentinel, Cluster and TLS are refused by name") {
  for (const auto& [url, name] :
       {std::pair{"redis+sentinel://a:1,b:2/main", "Sentinel"},
        std::pair{"redis+cluster://a:1", "Cluster"}, std::pair{"rediss://a", "TLS"}}) {
    const auto parsed = RedisAddress::parse(url);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == Errc::unsupported);
    CHECK(parsed.error().message.find(name) != std::string::npos);
  }
}

TEST_CASE("an address is shown without its password") {
  const auto shown = [](const char* url) { return RedisAddress::parse(url).value().shown(); };
  CHECK(shown("redis://me:secret@h/2") == "redis://h:6379/2");
  CHECK(shown("redis://[::1]") == "redis://[::1]:6379");
  CHECK(shown("redis+unix://:secret@/run/r.sock?db=1") == "redis+unix:///run/r.sock?db=1");
}
