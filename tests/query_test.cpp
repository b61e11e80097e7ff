#include "core/http/query.h"

#include <string>

#include "tests/support/catch.h"

using pistachio::http::parse_query;
using pistachio::http::percent_decode;

namespace {

// "name=value" of each parameter, with spaces between them.
std::string parsed(std::string_view query) {
  const auto parameters = parse_query(query);
  if (!parameters) return "error: " + parameters.error();
  std::string text;
  for (const auto& parameter : *parameters) {
    text += (text.empty() ? "" : " ") + parameter.name + "=" + parameter.value;
  }
  return text;
}

}  // namespace

TEST_CASE("percent escapes are decoded once, in either case") {
  CHECK(percent_decode("") == "");
  CHECK(percent_decode("plain") == "plain");
  CHECK(percent_decode("a%2Fb%2fc") == "a/b/c");
  CHECK(percent_decode("%41%42%43") == "ABC");
  CHECK(percent_decode("%2541") == "%41");
  CHECK(percent_decode("%00%ff") == std::string("\0\xff", 2));
  CHECK(percent_decode("a+b%2B") == "a+b+");
}

TEST_CASE("an escape without two hexadecimal digits is none") {
  for (const std::string_view text :
       {"%", "%4", "a%", "a%4", "%%41", "%4g", "%g4", "%-1", "% 1", "%0x41", "%u0041", "%41%"}) {
    INFO(text);
    CHECK_FALSE(percent_decode(text).has_value());
  }
}

TEST_CASE("a query is split at ampersands and the first equals sign of each part") {
  CHECK(parsed("") == "");
  CHECK(parsed("wait=5") == "wait=5");
  CHECK(parsed("wait=5&lease=30&wait=6") == "wait=5 lease=30 wait=6");
  CHECK(parsed("a") == "a=");
  CHECK(parsed("a=") == "a=");
  CHECK(parsed("=b") == "=b");
  CHECK(parsed("a=b=c") == "a=b=c");
  CHECK(parsed("&&a=b&&c&") == "a=b c=");
  CHECK(parsed("a;b=c?d") == "a;b=c?d");
}

TEST_CASE("names and values are decoded after the split") {
  CHECK(parsed("a%3Db=c%26d") == "a=b=c&d");
  CHECK(parsed("%77ait=5") == "wait=5");
}

TEST_CASE("a malformed escape anywhere is an error that names its parameter") {
  CHECK(parsed("a=1&b=%zz&c=2").find("\"b=%zz\"") != std::string::npos);
  CHECK(parsed("%=1").find("\"%=1\"") != std::string::npos);
  CHECK(parsed("a=%" + std::string(5000, 'x')).size() < 300);
}
