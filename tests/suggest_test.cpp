#include "cli/suggest.h"

#include "tests/support/catch.h"

using pistachio::cli::nearest;

TEST_CASE("a slip of the finger finds what was meant") {
  const std::vector<std::string> commands = {"serve", "push", "listen", "stats", "peek"};
  CHECK(nearest("pusg", commands) == "push");
  CHECK(nearest("psuh", commands) == "push");
  CHECK(nearest("serv", commands) == "serve");
  CHECK(nearest("lisen", commands) == "listen");
  CHECK(nearest("listens", commands) == "listen");
  CHECK(nearest("pek", commands) == "peek");
}

TEST_CASE("something else altogether finds nothing") {
  const std::vector<std::string> commands = {"serve", "push", "listen"};
  CHECK_FALSE(nearest("frobnicate", commands).has_value());
  CHECK_FALSE(nearest("", commands).has_value());
  CHECK_FALSE(nearest("x", {}).has_value());
}
