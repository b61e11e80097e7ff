#include "core/http/query.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

using pistachio::http::percent_decode;
using pistachio::http::QueryReader;

namespace {

// "name=value" of each parameter, with spaces between them.
std::string parsed(std::string_view query) {
  QueryReader reader(query);
  std::string text;
  while (reader.next()) {
    text +=
        (text.empty() ? "" : " ") + std::string(reader.name()) + "=" + std::string(reader.value());
  }
  return reader.error().empty() ? text : "error: " + reader.error();
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

TEST_CASE("what was decoded stays good while its bytes are kept, however much follows") {
  QueryReader reader("%61=%62&cc=dd&%65=%66");
  std::vector<std::string_view> words;
  while (reader.next()) {
    words.push_back(reader.name());
    words.push_back(reader.value());
  }
  const auto decoded = reader.take_decoded();
  CHECK(words == std::vector<std::string_view>{"a", "b", "cc", "dd", "e", "f"});
}

TEST_CASE("a query without escapes is read where it is") {
  constexpr std::string_view kQuery = "wait=5";
  QueryReader reader(kQuery);
  REQUIRE(reader.next());
  CHECK(reader.name().data() == kQuery.data());
  CHECK(reader.take_decoded() == nullptr);
}

TEST_CASE("a malformed escape anywhere is an error that names its parameter") {
  CHECK(parsed("a=1&b=%zz&c=2").find("\"b=%zz\"") != std::string::npos);
  CHECK(parsed("%=1").find("\"%=1\"") != std::string::npos);
  CHECK(parsed("a=%" + std::string(5000, 'x')).size() < 300);
}
