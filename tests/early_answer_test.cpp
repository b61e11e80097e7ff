#include "core/early_answer.h"

#include "tests/support/catch.h"
#include "tests/support/fake_server.h"

using namespace pistachio;
using namespace std::chrono_literals;
using test::FakePeer;
using test::FakeRequest;
using test::FakeServer;

namespace {

// Answers 413 as soon as the head of the request is there, and reads nothing of its body.
FakeServer::Script refuse_unread(std::function<void(FakePeer&)> then) {
  return [then = std::move(then)](const FakeRequest&, FakePeer& peer) {
    peer.answer(413, "Content-Type: text/plain\r\n", "too large");
    then(peer);
  };
}

// A request whose body the fake server takes for further requests: what it does not read of it
// stays unread.
tl::expected<HttpAnswer, ExchangeFailure> push_large(const std::string& url, Duration patience) {
  ExchangeWatch watch;
  ServerLink link(ClientUrl::parse(url).value(), {}, watch);
  const std::string body(32u << 20, 'x');
  return link.exchange({.method = "POST", .target = "/a HTTP/1.1\r\n\r\nPOST /b", .body = body},
                       Deadline::in(patience, std::chrono::time_point_cast<Duration>(
                                                  std::chrono::steady_clock::now())));
}

}  // namespace

TEST_CASE("an answer before the end of the request is found although sending failed") {
  FakeServer server(refuse_unread([](FakePeer& peer) { peer.close(); }));
  const auto answer = push_large(server.url(), 20s);
  REQUIRE(answer.has_value());
  CHECK(answer->status == 413);
  CHECK(answer->body == "too large");
  CHECK(answer->field("content-type") == "text/plain");
}

TEST_CASE("an answer of a server that then neither reads nor closes is found at the deadline") {
  FakeServer server(refuse_unread([](FakePeer& peer) { peer.wait_until_gone(); }));
  const auto answer = push_large(server.url(), 2s);
  REQUIRE(answer.has_value());
  CHECK(answer->status == 413);
}

TEST_CASE("only a whole head of a final answer is an early answer") {
  CHECK(parse_early_answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 429\r\nA:\r\nB: c\r\n\r\nbody")
            .value()
            .status == 429);
  const auto chunked =
      parse_early_answer("HTTP/1.1 413 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  CHECK(chunked.value().body.empty());
  for (const char* bytes :
       {"", "HTTP/1.1 413 Too", "HTTP/1.1 413 X\r\nA: b\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/2 413\r\n\r\n", "HTTP/1.1 4x3 X\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n", "\r\n\r\n",
        "HTTP/1.1 41\r\n\r\n"}) {
    INFO(bytes);
    CHECK_FALSE(parse_early_answer(bytes).has_value());
  }
}
