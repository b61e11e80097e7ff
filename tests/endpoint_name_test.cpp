#include "core/endpoint_name.h"

#include <string>

#include "tests/support/catch.h"

using pistachio::EndpointName;
using pistachio::Errc;

TEST_CASE("names of 1 to 128 letters, digits, _ - . are endpoint names") {
  for (const std::string text :
       {"a", "foobar", "A-z_0.9", "x.dead", "dead", "-", "_", "a.dead.b"}) {
    INFO(text);
    CHECK(EndpointName::parse(text).has_value());
  }
  CHECK(EndpointName::parse(std::string(128, 'x')).has_value());
}

TEST_CASE("anything else is no endpoint name and the error says what would be right") {
  for (const std::string text :
       {"", ".a", "a b", "a/b", "ü", "a:b", "a\n", "x.dead.dead", "a,b", "{a}"}) {
    INFO(text);
    const auto name = EndpointName::parse(text);
    REQUIRE_FALSE(name.has_value());
    CHECK(name.error().code == Errc::bad_name);
    CHECK(name.error().message.find("1 to 128 characters") != std::string::npos);
  }
  CHECK_FALSE(EndpointName::parse(std::string(129, 'x')).has_value());
  CHECK_FALSE(EndpointName::parse(std::string("a\0b", 3)).has_value());
}

TEST_CASE("dead letters have a name of their own and know where they came from") {
  const auto name = EndpointName::parse("jobs").value();
  CHECK_FALSE(name.is_dead());
  CHECK(name.dead().text() == "jobs.dead");
  CHECK(name.dead().is_dead());
  CHECK(name.dead().alive() == name);
}
