#include "core/http/request_parser.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/request_stream.h"
#include "tests/support/request_table.h"

using namespace std::string_literals;
using pistachio::http::BodyFraming;
using pistachio::http::HeadScanner;
using pistachio::http::Method;
using pistachio::http::parse_head;
using pistachio::http::refused_chunked_bodies;
using pistachio::http::refused_heads;
using pistachio::http::RequestHead;
using pistachio::http::RequestStream;
using pistachio::http::served_requests;
using pistachio::http::transcript_byte_by_byte;
using pistachio::http::transcript_in_two;
using pistachio::http::transcript_of;

namespace {

// The head of `bytes`, which must outlive it.
RequestHead head_of(const std::string& bytes) {
  HeadScanner scanner;
  const auto size = scanner.scan(bytes);
  REQUIRE(size.has_value());
  REQUIRE(size->has_value());
  RequestHead head;
  const auto parsed = parse_head(std::string_view(bytes).substr(0, **size), head);
  INFO((parsed ? "" : parsed.error().detail));
  REQUIRE(parsed.has_value());
  return head;
}

bool keeps_alive(const std::string& version, const std::string& connection) {
  const std::string bytes = "GET / " + version + "\r\nHost: a\r\n" + connection + "\r\n";
  return head_of(bytes).keep_alive;
}

}  // namespace

TEST_CASE("a head is read into its parts") {
  const std::string bytes =
      "POST /messages/a%2Fb?split=lines&x HTTP/1.1\r\nHost: a.example:80\r\nX-Two:  b c \t\r\n"
      "Content-Length: 12\r\nx-two: d\r\nEmpty:\r\n\r\n";
  const RequestHead head = head_of(bytes);
  CHECK(head.method == Method::post);
  CHECK(head.method_text == "POST");
  CHECK(head.path == "/messages/a%2Fb");
  CHECK(head.query == "split=lines&x");
  CHECK(head.minor_version == 1);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.expects_continue);
  CHECK(head.framing == BodyFraming::length);
  CHECK(head.content_length == 12);
  REQUIRE(head.field_count == 5);
  CHECK(head.fields[1].name == "X-Two");
  CHECK(head.field("x-TWO") == "b c");
  CHECK(head.field("empty") == "");
  CHECK(head.has_field("host"));
  CHECK_FALSE(head.has_field("hos"));
  CHECK_FALSE(head.field("X-Three").has_value());
}

TEST_CASE("a head that is used again shows nothing of the request before") {
  const std::string first =
      "POST /a?b HTTP/1.0\r\nContent-Length: 7\r\nConnection: keep-alive\r\nX: y\r\n\r\n";
  const std::string second = "GET /c HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestHead head;
  REQUIRE(parse_head(first, head).has_value());
  REQUIRE(parse_head(second, head).has_value());
  CHECK(head.method == Method::get);
  CHECK(head.path == "/c");
  CHECK(head.query.empty());
  CHECK(head.minor_version == 1);
  CHECK(head.framing == BodyFraming::none);
  CHECK(head.content_length == 0);
  CHECK(head.all_fields().size() == 1);
  CHECK_FALSE(head.has_field("X"));
}

TEST_CASE("methods are told apart by case and unknown ones are passed on") {
  const auto method_of = [](const std::string& method) {
    const std::string bytes = method + " / HTTP/1.1\r\nHost: a\r\n\r\n";
    const RequestHead head = head_of(bytes);
    CHECK(head.method_text == method);
    return head.method;
  };
  CHECK(method_of("GET") == Method::get);
  CHECK(method_of("HEAD") == Method::head);
  CHECK(method_of("POST") == Method::post);
  CHECK(method_of("PUT") == Method::put);
  CHECK(method_of("PATCH") == Method::patch);
  CHECK(method_of("DELETE") == Method::delete_);
  CHECK(method_of("OPTIONS") == Method::options);
  CHECK(method_of("get") == Method::other);
  CHECK(method_of("GETS") == Method::other);
  CHECK(method_of("BREW") == Method::other);
  CHECK(method_of("M-SEARCH") == Method::other);
}

TEST_CASE("a connection stays or closes as its version and all its Connection fields say") {
  CHECK(keeps_alive("HTTP/1.1", ""));
  CHECK(keeps_alive("HTTP/1.1", "Connection: keep-alive\r\n"));
  CHECK(keeps_alive("HTTP/1.1", "Connection: Upgrade, HTTP2-Settings\r\n"));
  CHECK(keeps_alive("HTTP/1.1", "Connection: closed, not-close\r\n"));
  CHECK(keeps_alive("HTTP/1.1", "Connection:\r\n"));
  CHECK_FALSE(keeps_alive("HTTP/1.1", "Connection: close\r\n"));
  CHECK_FALSE(keeps_alive("HTTP/1.1", "connection: CLOSE\r\n"));
  CHECK_FALSE(keeps_alive("HTTP/1.1", "Connection: ,TE,\tclose ,\r\n"));
  CHECK_FALSE(keeps_alive("HTTP/1.1", "Connection: TE\r\nConnection: close\r\n"));
  CHECK_FALSE(keeps_alive("HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n"));
  CHECK_FALSE(keeps_alive("HTTP/1.0", ""));
  CHECK_FALSE(keeps_alive("HTTP/1.0", "Connection: close, keep-alive\r\n"));
  CHECK(keeps_alive("HTTP/1.0", "Connection: TE, Keep-Alive\r\n"));
  CHECK(keeps_alive("HTTP/1.9", ""));
}

TEST_CASE("100-continue is heard on HTTP/1.1 and ignored on HTTP/1.0") {
  const std::string fields = "Host: a\r\nExpect: 100-CONTINUE\r\nContent-Length: 1\r\n\r\n";
  CHECK(head_of("POST / HTTP/1.1\r\n" + fields).expects_continue);
  CHECK_FALSE(head_of("POST / HTTP/1.0\r\n" + fields).expects_continue);
}

TEST_CASE("the largest Content-Length of 19 digits is a number") {
  const std::string bytes = "POST / HTTP/1.0\r\nContent-Length: 9999999999999999999\r\n\r\n";
  CHECK(head_of(bytes).content_length == 9999999999999999999u);
}

TEST_CASE("an http URL as target is reduced to its path and query") {
  const auto target = [](const std::string& text) {
    const std::string bytes = "GET " + text + " HTTP/1.1\r\nHost: a\r\n\r\n";
    const RequestHead head = head_of(bytes);
    return std::string(head.path) + " " + std::string(head.query);
  };
  CHECK(target("http://a/messages/b?wait=1") == "/messages/b wait=1");
  CHECK(target("HTTPS://a.example:8080/b") == "/b ");
  CHECK(target("http://[::1]:80/b") == "/b ");
  CHECK(target("http://a") == "/ ");
  CHECK(target("http://a?b?c") == "/ b?c");
  CHECK(target("/b?http://a/c") == "/b http://a/c");
  CHECK(target("//a/b") == "//a/b ");
}

TEST_CASE("all views of a head point into its bytes, also those that hold nothing") {
  for (const std::string target : {"*", "/", "/?", "http://a", "http://a?"}) {
    INFO(target);
    const std::string bytes = "OPTIONS " + target + " HTTP/1.1\r\nHost:\r\n\r\n";
    const RequestHead head = head_of(bytes);
    for (const auto view : {head.path, head.query, head.fields[0].value}) {
      CHECK(view.data() >= bytes.data());
      CHECK(view.data() + view.size() <= bytes.data() + bytes.size());
    }
    CHECK(head.path == (target == "*" ? "*" : "/"));
    CHECK(head.query.empty());
  }
}

TEST_CASE("a head that can be read in two ways, or that is not served, is refused") {
  for (const auto& refused : refused_heads()) {
    DYNAMIC_SECTION("refused: " << refused.sentence) {
      RequestStream stream;
      stream.feed(refused.bytes);
      INFO(stream.transcript());
      CHECK(stream.refused() == refused.status);
    }
  }
}

TEST_CASE("a request that can be read in one way alone is served") {
  for (const auto& served : served_requests()) {
    DYNAMIC_SECTION("served: " << served.sentence) {
      RequestStream stream;
      stream.feed(served.bytes);
      INFO(stream.transcript());
      CHECK(stream.refused() == 0);
      CHECK(stream.requests() > 0);
    }
  }
}

TEST_CASE("the host of a Host may be a name, an IPv4 or an IPv6 address, with a port or without") {
  for (const std::string host :
       {"a", "a:", "a:0", "a:65535", "a.example", "127.0.0.1:8080", "[::1]", "[::1]:80",
        "[::ffff:1.2.3.4]:", "a_b", "a%20b", "xn--bcher-kva.example", "UPPER", "a,b", "-"}) {
    INFO(host);
    const std::string bytes = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    CHECK(head_of(bytes).field("Host") == host);
  }
}

TEST_CASE("a refusal never repeats more than a few bytes of what was sent") {
  RequestStream stream;
  stream.feed("GET / HTTP/1.1\r\n" + std::string(4000, 'x') + " : y\r\n\r\n");
  CHECK(stream.refused() == 400);
  CHECK(stream.transcript().size() < 400);
}

TEST_CASE("bytes are understood alike however they are cut") {
  auto cases = refused_heads();
  for (auto more : {refused_chunked_bodies(), served_requests()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  for (const auto& each : cases) {
    INFO(each.sentence);
    const std::string whole = transcript_of(each.bytes);
    CHECK(transcript_byte_by_byte(each.bytes) == whole);
    std::size_t different = 0;
    // Every cut; but the few inputs of 8 KiB are one letter over and over, where a stride will do.
    const std::size_t stride = each.bytes.size() > 4096 ? 13 : 1;
    for (std::size_t first = 0; first <= each.bytes.size(); first += stride) {
      if (transcript_in_two(each.bytes, first) != whole) ++different;
    }
    CHECK(different == 0);
  }
}
