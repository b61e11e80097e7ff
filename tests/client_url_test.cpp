#include "core/client_url.h"

#include "tests/support/catch.h"

using pistachio::ClientUrl;
using pistachio::Errc;

TEST_CASE("an address without a path means the default path") {
  for (const char* text :
       {"http://example.org:8080", "http://example.org:8080/", "http://example.org:8080/messages",
        "http://example.org:8080/messages/"}) {
    INFO(text);
    const auto url = ClientUrl::parse(text).value();
    CHECK(url.host == "example.org");
    CHECK(url.port == 8080);
    CHECK(url.path == "/messages");
    CHECK(url.text() == "http://example.org:8080/messages");
  }
}

TEST_CASE("the scheme's own port is the default and is not sent") {
  CHECK(ClientUrl::parse("http://a/q").value().port == 80);
  CHECK(ClientUrl::parse("http://a/q").value().host_field() == "a");
  CHECK(ClientUrl::parse("https://a/q").value().port == 443);
  CHECK(ClientUrl::parse("https://a:443/q").value().host_field() == "a");
  CHECK(ClientUrl::parse("https://a:80/q").value().host_field() == "a:80");
}

TEST_CASE("an IPv6 address stands in brackets, which the host has not and the Host field has") {
  const auto url = ClientUrl::parse("http://[::1]:8080/deep/path").value();
  CHECK(url.host == "::1");
  CHECK(url.host_field() == "[::1]:8080");
  CHECK(url.path == "/deep/path");
}

TEST_CASE("a socket file is named with or without the path of the endpoints") {
  const auto bare = ClientUrl::parse("unix:/run/p.sock").value();
  CHECK(bare.socket_path == "/run/p.sock");
  CHECK(bare.path == "/messages");
  CHECK(bare.host_field() == "localhost");
  const auto full = ClientUrl::parse("unix:/run/p.sock:/q/").value();
  CHECK(full.socket_path == "/run/p.sock");
  CHECK(full.path == "/q");
}

TEST_CASE("what is no address is refused, and the message says what would be right") {
  for (const char* text : {"", "example.org", "ftp://a", "http://", "http://:80", "http://a:0",
                           "http://a:65536", "http://a:8x", "http://[::1", "http://[::1]8080",
                           "http://a/b?c=d", "http://a/b#c", "http://a/b c", "http://a/\r\nX: y",
                           "http://user@host/", "unix:relative", "unix:/s:/a b"}) {
    INFO(text);
    const auto url = ClientUrl::parse(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().code == Errc::bad_argument);
    CHECK(url.error().message.find("http://HOST:PORT/messages") != std::string::npos);
  }
  CHECK_FALSE(ClientUrl::parse("unix:/" + std::string(200, 'x')).has_value());
}

TEST_CASE("percent-encoding leaves only unreserved characters") {
  CHECK(pistachio::percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(pistachio::percent_encode("a b/\r\n\xff") == "a%20b%2F%0D%0A%FF");
}
