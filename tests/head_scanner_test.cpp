#include "core/http/head_scanner.h"

#include <string>

#include "tests/support/catch.h"

using pistachio::http::HeadScanner;

namespace {

constexpr std::size_t kLimit = HeadScanner::kMaxHeadBytes;

int refusal_of(const std::string& bytes) {
  HeadScanner scanner;
  const auto scanned = scanner.scan(bytes);
  return scanned ? 0 : scanned.error().status;
}

}  // namespace

TEST_CASE("a head ends after its first empty line and what follows is not looked at") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  HeadScanner scanner;
  CHECK(scanner.scan(head + "body\n\n\r\n\r\n").value() == head.size());
  scanner.reset();
  CHECK(scanner.scan("\r\n\r\n" + head).value() == head.size() + 4);
  scanner.reset();
  CHECK(scanner.scan("GET / HTTP/1.0\r\n\r\n").value() == 18u);
}

TEST_CASE("a head that has not ended needs more") {
  const std::string head = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
  HeadScanner scanner;
  for (std::size_t size = 0; size < head.size(); ++size) {
    INFO(size);
    REQUIRE(scanner.scan(head.substr(0, size)).has_value());
    CHECK_FALSE(scanner.scan(head.substr(0, size)).value().has_value());
  }
  CHECK(scanner.scan(head).value() == head.size());
}

TEST_CASE("a request has not started while there are but empty lines") {
  HeadScanner scanner;
  CHECK(scanner.at_start());
  for (const std::string bytes : {"", "\r", "\r\n", "\r\n\r"}) {
    REQUIRE(scanner.scan(bytes).has_value());
    CHECK(scanner.at_start());
  }
  REQUIRE(scanner.scan("\r\n\r\nG").has_value());
  CHECK_FALSE(scanner.at_start());
  scanner.reset();
  CHECK(scanner.at_start());
}

TEST_CASE("a head of 8 KiB is taken and one byte more is refused") {
  const std::string start = "GET / HTTP/1.1\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::string fill(kLimit - start.size() - end.size(), 'x');
  HeadScanner scanner;
  CHECK(scanner.scan(start + fill + end).value() == kLimit);
  CHECK(refusal_of(start + fill + "x" + end) == 431);
  CHECK(refusal_of("\r\n" + start + fill + end) == 431);
}

TEST_CASE("a request line over 8 KiB is told apart from headers over 8 KiB") {
  CHECK(refusal_of("GET /" + std::string(kLimit, 'x')) == 414);
  CHECK(refusal_of("\r\nGET /" + std::string(kLimit, 'x')) == 414);
  CHECK(refusal_of("GET / HTTP/1.1\r\nX: " + std::string(kLimit, 'x')) == 431);
  CHECK(refusal_of("GET /" + std::string(kLimit - 6, 'x')) == 0);
}

TEST_CASE("a line that ends in LF alone is refused as soon as it is seen") {
  CHECK(refusal_of("GET / HTTP/1.1\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\n\n") == 400);
  CHECK(refusal_of("\n") == 400);
  CHECK(refusal_of("\r\n\n") == 400);
}

TEST_CASE("what cannot be the start of a method is refused at its first byte") {
  HeadScanner scanner;
  const auto tls = scanner.scan("\x16");
  REQUIRE_FALSE(tls.has_value());
  CHECK(tls.error().status == 400);
  CHECK(tls.error().detail.find("TLS") != std::string::npos);
  CHECK(refusal_of(std::string(1, '\0')) == 400);
  CHECK(refusal_of(" ") == 400);
  CHECK(refusal_of("\r\r") == 400);
  CHECK(refusal_of("\r\n\rG") == 400);
}
