#include "core/http/chunked_decoder.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/request_stream.h"
#include "tests/support/request_table.h"

using pistachio::http::ChunkedDecoder;
using pistachio::http::refused_chunked_bodies;
using pistachio::http::RequestStream;

namespace {

constexpr std::size_t kRoom = 1000;

// The content of a body that must be whole and end where `bytes` end.
std::string decoded(const std::string& bytes) {
  ChunkedDecoder decoder;
  std::string content;
  const auto used = decoder.decode(bytes, content, kRoom);
  REQUIRE(used.has_value());
  CHECK(*used == bytes.size());
  CHECK(decoder.done());
  return content;
}

}  // namespace

TEST_CASE("chunks are put together again") {
  CHECK(decoded("0\r\n\r\n").empty());
  CHECK(decoded("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") == "abcde");
  CHECK(decoded("0000A\r\n0123456789\r\n0;x=y\r\n\r\n") == "0123456789");
  CHECK(decoded("4\r\n\r\n\r\n\r\n0\r\n\r\n") == "\r\n\r\n");
}

TEST_CASE("trailers are read and dropped") {
  CHECK(decoded("1\r\na\r\n0\r\nContent-Length: 5\r\nX:\r\n\r\n") == "a");
}

TEST_CASE("what follows a chunked body is left alone") {
  ChunkedDecoder decoder;
  std::string content;
  CHECK(decoder.decode("1\r\na\r\n0\r\n\r\nGET /", content, kRoom).value() == 11);
  CHECK(decoder.done());
  CHECK(decoder.decode("GET /", content, kRoom).value() == 0);
  CHECK(content == "a");
}

TEST_CASE("a chunked body that has not ended takes all there is") {
  const std::string body = "3;x\r\nabc\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < body.size(); ++size) {
    INFO(size);
    ChunkedDecoder decoder;
    std::string content;
    CHECK(decoder.decode(body.substr(0, size), content, kRoom).value() == size);
    CHECK_FALSE(decoder.done());
  }
}

TEST_CASE("content is appended to what is there") {
  ChunkedDecoder decoder;
  std::string content = "before ";
  REQUIRE(decoder.decode("2\r\nab", content, kRoom).has_value());
  CHECK(content == "before ab");
}

TEST_CASE("no more is appended than there is room, however the chunks are cut") {
  for (const std::string body : {"5\r\nabcde\r\n0\r\n\r\n", "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"}) {
    INFO(body);
    ChunkedDecoder exact;
    std::string content;
    CHECK(exact.decode(body, content, 5).has_value());
    CHECK(content == "abcde");

    ChunkedDecoder short_of_room;
    content.clear();
    const auto refused = short_of_room.decode(body, content, 4);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 413);
    CHECK(content.size() <= 4);
  }
}

TEST_CASE("a chunk that is too large is refused by its size line, before its data comes") {
  ChunkedDecoder decoder;
  std::string content;
  const auto refused = decoder.decode("FFFFFFFFFFFFFFFF\r\n", content, kRoom);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().status == 413);
}

TEST_CASE("a size line of 1 KiB and trailers of 8 KiB are taken") {
  const std::string extension(ChunkedDecoder::kMaxSizeLine - 4, 'x');
  CHECK(decoded("1;" + extension + "\r\na\r\n0\r\n\r\n") == "a");
  CHECK(decoded("1;" + extension + "\r\na\r\n1;" + extension + "\r\nb\r\n0\r\n\r\n") == "ab");
  const std::string value(ChunkedDecoder::kMaxTrailerBytes - 6, 'x');
  CHECK(decoded("0\r\nX:" + value + "\r\n\r\n").empty());
}

TEST_CASE("a chunked body that can be read in two ways is refused") {
  for (const auto& refused : refused_chunked_bodies()) {
    DYNAMIC_SECTION("refused: " << refused.sentence) {
      RequestStream stream;
      stream.feed(refused.bytes);
      INFO(stream.transcript());
      CHECK(stream.refused() == refused.status);
      CHECK(stream.requests() == 0);
    }
  }
}
