#include "cli/units.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using namespace pistachio::cli;

TEST_CASE("times take units, and a bare number is seconds") {
  CHECK(parse_duration("250ms").value() == 250ms);
  CHECK(parse_duration("30s").value() == 30s);
  CHECK(parse_duration("30").value() == 30s);
  CHECK(parse_duration("1.5h").value() == 90min);
  CHECK(parse_duration("2m").value() == 2min);
  CHECK(parse_duration("1d").value() == 24h);
  CHECK(parse_duration("0").value() == 0s);
  CHECK(parse_duration("1.5 h").value() == 90min);
  CHECK(parse_duration("0.1ms").value() == 1ms);
}

TEST_CASE("what is no time is refused with what would be right") {
  for (const char* text : {"", "s", "-1s", "3x", "1h30m", "1e3", "ms", "99999999999999d", "1,5h"}) {
    INFO(text);
    const auto time = parse_duration(text);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error().message.find("250ms, 30s, 1.5h") != std::string::npos);
  }
}

TEST_CASE("sizes take units, and a bare number is bytes") {
  CHECK(parse_size("64KiB").value() == 65536);
  CHECK(parse_size("1MiB").value() == 1048576);
  CHECK(parse_size("1.5GiB").value() == 1610612736);
  CHECK(parse_size("10kB").value() == 10000);
  CHECK(parse_size("1MB").value() == 1000000);
  CHECK(parse_size("512B").value() == 512);
  CHECK(parse_size("512").value() == 512);
}

TEST_CASE("what is no size is refused") {
  for (const char* text : {"", "KiB", "-1", "1mib", "1 M", "9999999999999TiB"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
}

TEST_CASE("counts are whole and within their bounds") {
  CHECK(parse_count("1", 1, 10).value() == 1);
  CHECK(parse_count("10", 1, 10).value() == 10);
  for (const char* text : {"", "0", "11", "1.5", "-1", "x", "1x", "99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_count(text, 1, 10).has_value());
  }
}

TEST_CASE("times are described for people") {
  CHECK(describe(250ms) == "250ms");
  CHECK(describe(1500ms) == "1.5s");
  CHECK(describe(30s) == "30s");
  CHECK(describe(8min) == "8m");
  CHECK(describe(90min) == "90m");
  CHECK(describe(12h) == "12h");
  CHECK(describe(72h) == "3d");
}
