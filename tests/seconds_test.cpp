#include "core/seconds.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using pistachio::format_seconds;
using pistachio::parse_seconds;

TEST_CASE("seconds are read with decimals down to milliseconds") {
  CHECK(parse_seconds("30") == 30s);
  CHECK(parse_seconds("0") == 0s);
  CHECK(parse_seconds("0.25") == 250ms);
  CHECK(parse_seconds(".5") == 500ms);
  CHECK(parse_seconds("2.") == 2s);
  CHECK(parse_seconds("1.007") == 1007ms);
  CHECK(parse_seconds("1000000000000") == 1'000'000'000'000s);
}

TEST_CASE("what is finer than a millisecond is rounded up") {
  CHECK(parse_seconds("0.0001") == 1ms);
  CHECK(parse_seconds("0.0010") == 1ms);
  CHECK(parse_seconds("1.9999") == 2s);
}

TEST_CASE("anything else is no time") {
  for (const char* text : {"", ".", "-1", "+1", "1e3", "1s", " 1", "1 ", "1.2.3", "nan", "inf",
                           "0x10", "1000000000001", "99999999999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_seconds(text).has_value());
  }
}

TEST_CASE("seconds are written as short as they can be") {
  CHECK(format_seconds(30s) == "30");
  CHECK(format_seconds(0s) == "0");
  CHECK(format_seconds(250ms) == "0.25");
  CHECK(format_seconds(1007ms) == "1.007");
  CHECK(format_seconds(1500ms) == "1.5");
  CHECK(format_seconds(-5s) == "0");
}
