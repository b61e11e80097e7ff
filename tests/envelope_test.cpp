#include "core/envelope.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using pistachio::Envelope;

namespace {

std::string line_of(const Envelope& envelope) {
  std::string line;
  envelope.write_line(line);
  return line;
}

}  // namespace

TEST_CASE("an envelope is one line with what is known") {
  Envelope envelope;
  envelope.data = "hi";
  CHECK(line_of(envelope) == "{\"attempt\":1,\"data\":\"hi\"}\n");
  envelope.id = "17";
  envelope.endpoint = "foobar";
  envelope.attempt = 2;
  envelope.age = 12ms;
  envelope.content_type = "text/plain";
  CHECK(line_of(envelope) ==
        "{\"id\":\"17\",\"endpoint\":\"foobar\",\"attempt\":2,\"age\":0.012,"
        "\"content_type\":\"text/plain\",\"data\":\"hi\"}\n");
}

TEST_CASE("a receipt is not shown") {
  Envelope envelope;
  envelope.receipt = "secret";
  CHECK(line_of(envelope).find("secret") == std::string::npos);
}

TEST_CASE("any bytes survive an envelope") {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  for (const std::string& data :
       {std::string(), std::string("\0", 1), std::string("a\nb\r\tc\"\\\x01\x7f/"),
        std::string("\xff"), std::string("\xc3\xa9 \xf0\x9f\xa5\x9c"), every,
        std::string("\xed\xa0\x80")}) {
    Envelope envelope;
    envelope.data = data;
    const std::string line = line_of(envelope);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(Envelope::parse(line).value().data == data);
  }
}

TEST_CASE("bytes that are not UTF-8 travel as base64, others do not") {
  Envelope envelope;
  envelope.data = "\xff";
  CHECK(line_of(envelope) == "{\"attempt\":1,\"data_base64\":\"/w==\"}\n");
  envelope.data = "\xc3\xa9";
  CHECK(line_of(envelope) == "{\"attempt\":1,\"data\":\"\xc3\xa9\"}\n");
}

TEST_CASE("an envelope under a lease is read with its receipt") {
  const auto envelope =
      Envelope::parse(R"({"id":"9","endpoint":"e","attempt":3,"age":1.5,"content_type":"a/b",)"
                      R"("data":"x","receipt":"R","lease":30,"unknown":[1]})")
          .value();
  CHECK(envelope.id == "9");
  CHECK(envelope.endpoint == "e");
  CHECK(envelope.attempt == 3);
  CHECK(envelope.age == 1500ms);
  CHECK(envelope.content_type == "a/b");
  CHECK(envelope.receipt == "R");
  CHECK(envelope.lease == 30s);
}

TEST_CASE("what is no envelope is refused") {
  for (const char* line : {"", "x", "[]", "{}", "{\"data\":1}", "{\"data_base64\":\"?\"}",
                           "{\"data\":\"a\"} x", "{\"data\":\"\xff\"}"}) {
    INFO(line);
    CHECK_FALSE(Envelope::parse(line).has_value());
  }
}

TEST_CASE("UTF-8 is told from what only looks like it") {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    INFO(good);
    CHECK(pistachio::is_utf8(good));
  }
  for (const char* bad : {"\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    INFO(bad);
    CHECK_FALSE(pistachio::is_utf8(bad));
  }
}

TEST_CASE("a byte that is no UTF-8 is found wherever it stands among ASCII") {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      const std::string prefix(before, 'a');
      const std::string suffix(after, 'b');
      if (!pistachio::is_utf8(prefix + "\xc3\xa9" + suffix)) FAIL(before << " and " << after);
      if (pistachio::is_utf8(prefix + "\xff" + suffix)) FAIL(before << " and " << after);
      if (pistachio::is_utf8(prefix + "\xc3" + suffix)) FAIL(before << " and " << after);
    }
  }
}

TEST_CASE("base64 goes both ways and has one spelling") {
  CHECK(pistachio::base64("") == "");
  CHECK(pistachio::base64("f") == "Zg==");
  CHECK(pistachio::base64("fo") == "Zm8=");
  CHECK(pistachio::base64("foo") == "Zm9v");
  CHECK(pistachio::from_base64("Zm9v") == "foo");
  CHECK(pistachio::from_base64("Zg==") == "f");
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "====", "Zm 9"}) {
    INFO(bad);
    CHECK_FALSE(pistachio::from_base64(bad).has_value());
  }
}

TEST_CASE("an envelope means the same however it is laid out") {
  const std::string members =
      R"("id":"9","endpoint":"e","attempt":3,"age":1.5,"content_type":"a/b",)"
      R"("data":"x\ny","receipt":"R","lease":30,"more":"?"})";
  const auto plain = Envelope::parse("{" + members).value();
  const auto spaced = Envelope::parse("{ " + members).value();
  CHECK(plain.id == spaced.id);
  CHECK(plain.endpoint == spaced.endpoint);
  CHECK(plain.attempt == spaced.attempt);
  CHECK(plain.age == spaced.age);
  CHECK(plain.content_type == spaced.content_type);
  CHECK(plain.data == spaced.data);
  CHECK(plain.receipt == spaced.receipt);
  CHECK(plain.lease == spaced.lease);
}
