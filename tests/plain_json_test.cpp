#include "core/plain_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>

#include "tests/support/catch.h"

using nlohmann::json;
using pistachio::PlainJson;

namespace {

// All members as one object, or nothing when the text is not plain.
std::optional<json> read(const std::string& text) {
  PlainJson members(text);
  json object = json::object();
  while (members.next()) {
    const std::string value(members.value());
    object[std::string(members.name())] = members.is_string() ? json(value) : json::parse(value);
  }
  return members.is_whole() ? std::optional(object) : std::nullopt;
}

}  // namespace

TEST_CASE("a plain object is read member by member") {
  CHECK(read("{}") == json::object());
  CHECK(read(R"({"a":"b","n":12,"f":0.25,"z":0,"":""})") ==
        json({{"a", "b"}, {"n", 12}, {"f", 0.25}, {"z", 0}, {"", ""}}));
  CHECK(read("{\"a\":\"b\"}\n") == json({{"a", "b"}}));
}

TEST_CASE("escapes stand for what they stand for") {
  CHECK(read(R"({"a":"\"\\\/\b\f\n\r\t\u0000\u001f\u007F x"})") ==
        json({{"a", std::string("\"\\/\b\f\n\r\t\0\x1f\x7f x", 13)}}));
  CHECK(read("{\"a\":\"\xc3\xa9\"}") == json({{"a", "\xc3\xa9"}}));
}

TEST_CASE("the first byte that needs an escape is found wherever it stands") {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_literal = byte >= 0x20 && c != '"' && c != '\\';
    for (std::size_t at = 0; at < 20; ++at) {
      // Neighbours that a word-wise search could take for what it seeks, or hide it behind.
      for (const char neighbour : {' ', '!', '#', '[', ']', '\x7f', '\xa0', '\xff'}) {
        std::string text(at, neighbour);
        text += c;
        text += std::string(9, neighbour);
        const auto literal = pistachio::json_literal(text);
        const std::size_t length = is_literal ? text.size() : at;
        const auto is_ascii = [](char each) { return static_cast<unsigned char>(each) < 0x80; };
        if (literal.length != length ||
            literal.is_ascii != std::all_of(text.begin(),
                                            text.begin() + static_cast<std::ptrdiff_t>(length),
                                            is_ascii)) {
          FAIL("byte " << byte << " at " << at << " beside " << static_cast<int>(neighbour));
        }
      }
    }
  }
  CHECK(pistachio::json_literal("").length == 0);
}

TEST_CASE("what is not plain is left to others") {
  for (const char* text : {"",
                           "{",
                           "x",
                           "[]",
                           "{\"a\":1",
                           "{\"a\":1,}",
                           "{,\"a\":1}",
                           "{\"a\" :1}",
                           "{ }",
                           "{\"a\":01}",
                           "{\"a\":1.}",
                           "{\"a\":.5}",
                           "{\"a\":-1}",
                           "{\"a\":1e3}",
                           "{\"a\":true}",
                           "{\"a\":null}",
                           "{\"a\":{}}",
                           "{\"a\":[1]}",
                           "{\"a\":\"\\u00e9\"}",
                           "{\"a\":\"\\ud83e\"}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"b}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\xff\"}",
                           "{\"\\n\":1}",
                           "{a:1}",
                           "{\"a\":1}x",
                           "{\"a\":1}\n\n",
                           "{\"a\":1}{\"b\":2}",
                           "{\"a\":\"\\u00"}) {
    INFO(text);
    CHECK_FALSE(read(text).has_value());
  }
}

TEST_CASE("whatever is accepted means the same to a full parser") {
  const std::string seed = R"({"id":"17","n":120,"data":"a\nb\\\"\u0001 )"
                           "\xc3\xa9"
                           R"(","age":0.012,"receipt":"abc"})";
  std::mt19937 random(17);
  const std::string alphabet = "{}\",:\\u0019.\n naf\xc3\xa9\xff";
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = seed;
    for (auto changes = random() % 4; changes-- > 0;) {
      const auto at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
      }
    }
    const auto plain = read(text);
    if (!plain) continue;
    ++accepted;
    const auto full = json::parse(text, nullptr, false);
    INFO(text);
    REQUIRE_FALSE(full.is_discarded());
    REQUIRE(*plain == full);
  }
  CHECK(accepted > 10'000);
}
