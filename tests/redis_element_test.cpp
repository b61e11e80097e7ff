#include "core/store/redis_element.h"

#include <string>

#include "core/store/redis_keys.h"
#include "tests/support/catch.h"

using namespace pistachio;

TEST_CASE("a message with nothing but a body is that body in Redis, byte for byte") {
  for (const std::string& body : {std::string(), std::string("\0x", 2), std::string("\xff\r\n"),
                                  std::string("\0pst", 4), std::string("{}")}) {
    CHECK(redis_element(body, "", std::nullopt) == body);
    CHECK(RedisElement::parse(body).body == body);
  }
}

TEST_CASE("what a message carries beside its body comes back with it") {
  const std::string body("\0pst1{}\n\0body", 13);
  for (const std::string type : {"", "text/html; charset=\"utf-8\""}) {
    const std::string element = redis_element(body, type, 1790000000000);
    CHECK(element != body);
    const auto parsed = RedisElement::parse(element);
    CHECK(parsed.body == body);
    CHECK(parsed.type == type);
    CHECK(parsed.id.empty());
  }
  CHECK(RedisElement::parse(redis_element(body, "", std::nullopt)).body == body);
}

TEST_CASE("an element whose header cannot be read, or would break an answer's head, is a body") {
  const std::string mark(kElementMark);
  for (const std::string& rest :
       {std::string(), std::string("{}"), std::string("x\nbody"), std::string("{\"type\":\n"),
        std::string("{\"type\":\"a\\r\\nSet-Cookie: b\"}\nbody"),
        std::string("{\"id\":\"a\\nb\"}\nbody"), std::string("[]\nbody")}) {
    const std::string element = mark + rest;
    const auto parsed = RedisElement::parse(element);
    CHECK(parsed.body == element);
    CHECK(parsed.type.empty());
  }
}

TEST_CASE("an entry is id, attempts and an element that may hold colons") {
  const auto entry = RedisEntry::parse("s-17:3:a:b").value();
  CHECK(entry.id == "s-17");
  CHECK(entry.attempts == 3);
  CHECK(entry.element == "a:b");
  CHECK(RedisEntry::parse(":0:").value().element.empty());
  for (const char* text : {"", "a", "a:1", "a:x:b", "a:-1:b", "a::b"}) {
    CHECK_FALSE(RedisEntry::parse(text).has_value());
  }
}

TEST_CASE("the list of an endpoint has the ancestor's name and the keys beside it share its slot") {
  const RedisKeys keys("myapp");
  const auto jobs = EndpointName::parse("jobs").value();
  CHECK(keys.list(jobs) == "myapp:jobs");
  CHECK(RedisKeys("").list(jobs) == "jobs");
  CHECK(keys.beside(jobs, "lease") == "{myapp:jobs}:lease");
  CHECK(keys.list(jobs.dead()) == "{myapp:jobs}:dead");
  CHECK(keys.beside(jobs.dead(), "lease") == "{myapp:jobs}:dead:lease");
}

TEST_CASE("a key tells whose it is, and one of somebody else's does not") {
  const RedisKeys keys("my*app");
  const auto parsed = [&keys](const std::string& key) {
    const auto found = keys.parse(key);
    return found ? found->endpoint.text() + " " + std::string(found->what) : std::string("none");
  };
  CHECK(parsed("my*app:jobs") == "jobs ");
  CHECK(parsed("{my*app:jobs}:lease") == "jobs lease");
  CHECK(parsed("{my*app:jobs}:dead") == "jobs.dead ");
  CHECK(parsed("{my*app:jobs}:dead:retry") == "jobs.dead retry");
  for (const char* key : {"jobs", "myxapp:jobs", "my*app:a:b", "my*app:jobs.dead", "{my*app:jobs",
                          "{my*app:jobs}lease", "{my*app:jobs}:deadx", ""}) {
    CHECK(parsed(key) == "none");
  }
  CHECK(keys.list_pattern() == "my\\*app:*");
  CHECK_FALSE(RedisKeys::check("a{b").has_value());
  CHECK(RedisKeys::check("a:b").has_value());
}
