#include "core/server_link.h"

#include <future>

#include "tests/support/catch.h"
#include "tests/support/fake_server.h"

using namespace pistachio;
using namespace std::chrono_literals;
using test::FakePeer;
using test::FakeRequest;
using test::FakeServer;
using Kind = ExchangeFailure::Kind;

namespace {

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

ServerLink link_to(const std::string& url, ExchangeWatch& watch, LinkOptions options = {}) {
  return ServerLink(ClientUrl::parse(url).value(), std::move(options), watch);
}

const HttpRequest kPoll{.target = "/messages/foobar", .waits = true};

}  // namespace

TEST_CASE("an answer comes with its status, fields and exact bytes") {
  const std::string bytes("a\0b\r\n\xff", 6);
  FakeServer server(
      [&](const FakeRequest&, FakePeer& peer) { peer.answer(200, "Pistachio-Id: 17\r\n", bytes); });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch, {.token = "secret"});
  const auto answer = link.exchange(kPoll, Deadline::in(5s, now()));
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
  CHECK(answer->body == bytes);
  CHECK(answer->field("pistachio-id") == "17");
  const auto request = server.requests().at(0);
  CHECK("http://" + request.field("Host") + "/messages" == server.url());
  CHECK(request.field("Authorization") == "Bearer secret");
}

TEST_CASE("exchanges share one connection") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) { peer.answer(204); });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  for (int i = 0; i < 5; ++i) {
    const auto answer = link.exchange(kPoll, Deadline::in(5s, now()));
    REQUIRE(answer.has_value());
    CHECK(answer->status == 204);
  }
  CHECK(server.requests().back().connection == 1);
}

TEST_CASE("a socket file is reached, and asked as localhost") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) { peer.answer(200, "", "x"); }, true);
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  REQUIRE(link.exchange(kPoll, Deadline::in(5s, now())).has_value());
  CHECK(server.requests().at(0).field("Host") == "localhost");
}

TEST_CASE("a kept connection that the server has closed is made again, silently") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) {
    peer.answer(200, "", "x");
    peer.close();
  });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  for (int i = 0; i < 5; ++i) REQUIRE(link.exchange(kPoll, Deadline::in(5s, now())).has_value());
  CHECK(server.requests().back().connection == 5);
}

TEST_CASE("a kept connection that breaks in the moment it is used again is made again") {
  FakeServer server([](const FakeRequest& request, FakePeer& peer) {
    if (request.target == "/second" && request.connection == 1) return peer.reset();
    peer.answer(200, "", "x");
  });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  REQUIRE(link.exchange({.target = "/first"}, Deadline::in(5s, now())).has_value());
  REQUIRE(link.exchange({.target = "/second"}, Deadline::in(5s, now())).has_value());
}

TEST_CASE("nobody there is unreachable") {
  int port = 0;
  {
    FakeServer server([](const FakeRequest&, FakePeer&) {});
    const auto url = ClientUrl::parse(server.url()).value();
    port = url.port;
  }
  ExchangeWatch watch;
  auto link = link_to("http://127.0.0.1:" + std::to_string(port), watch);
  const auto answer = link.exchange(kPoll, Deadline::in(5s, now()));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == Kind::unreachable);
  CHECK(answer.error().message.find("cannot connect to http://127.0.0.1:") == 0);
}

TEST_CASE("a host that does not exist is unreachable and said to be") {
  ExchangeWatch watch;
  auto link = link_to("http://no-such-host.invalid", watch);
  const auto answer = link.exchange(kPoll, Deadline::in(30s, now()));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == Kind::unreachable);
  CHECK(answer.error().message.find("cannot find the host") == 0);
}

TEST_CASE("half an answer, none and nonsense are broken exchanges") {
  const std::string said =
      GENERATE(std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
               std::string("HTTP/1.1 200 OK\r\nContent-Le"), std::string("what?\r\n\r\n"),
               std::string(20000, 'x'));
  FakeServer server([&](const FakeRequest&, FakePeer& peer) {
    peer.send(said);
    peer.close();
  });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  const auto answer = link.exchange(kPoll, Deadline::in(5s, now()));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == Kind::broken);
}

TEST_CASE("an answer that never comes ends at the deadline") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) { peer.wait_until_gone(); });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  const auto begun = now();
  const auto answer = link.exchange(kPoll, Deadline::in(100ms, begun));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == Kind::late);
  CHECK(now() - begun >= 100ms);
  CHECK(now() - begun < 5s);
}

TEST_CASE("an answer that drips byte by byte ends at the deadline all the same") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\n");
    while (!peer.wait_until_gone(5ms)) peer.send("X: y\r\n");
  });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  const auto begun = now();
  const auto answer = link.exchange(kPoll, Deadline::in(200ms, begun));
  REQUIRE_FALSE(answer.has_value());
  CHECK(now() - begun < 5s);
}

TEST_CASE("a connection that is never accepted ends at the deadline") {
  ExchangeWatch watch;
  auto link = link_to("http://192.0.2.1:9", watch);  // TEST-NET-1: nobody is there
  const auto begun = now();
  const auto answer = link.exchange(kPoll, Deadline::in(100ms, begun));
  REQUIRE_FALSE(answer.has_value());
  CHECK(now() - begun < 2s);
}

TEST_CASE("a large request to a server that does not read it ends at the deadline") {
  FakeServer server([&](const FakeRequest&, FakePeer& peer) { peer.wait_until_gone(); });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  // The first request, which is never answered, keeps the server from reading the second.
  const std::string body(32u << 20, 'x');
  const auto begun = now();
  const auto answer =
      link.exchange({.method = "POST", .target = "/a HTTP/1.1\r\n\r\nPOST /b", .body = body},
                    Deadline::in(300ms, begun));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == Kind::late);
  CHECK(now() - begun < 5s);
}

TEST_CASE("stop ends a parked poll at once, and every poll after it") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) { peer.wait_until_gone(); });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  auto poll = std::async(std::launch::async,
                         [&] { return link.exchange(kPoll, Deadline::in(60s, now())); });
  REQUIRE(server.wait_for(1));
  const auto begun = now();
  watch.stop();
  const auto answer = poll.get();
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().kind == Kind::stopped);
  CHECK(now() - begun < 2s);
  CHECK(link.exchange(kPoll, Deadline::in(60s, now())).error().kind == Kind::stopped);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("stop ends a poll that is still connecting") {
  ExchangeWatch watch;
  auto link = link_to("http://192.0.2.1:9", watch);
  auto poll = std::async(std::launch::async,
                         [&] { return link.exchange(kPoll, Deadline::in(60s, now())); });
  const auto begun = now();
  watch.stop();
  CHECK_FALSE(poll.get().has_value());
  CHECK(now() - begun < 2s);
}

TEST_CASE("what does not wait goes through after stop") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) { peer.answer(204); });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  watch.stop();
  CHECK(link.exchange({.method = "DELETE", .target = "/r"}, Deadline::in(5s, now())).has_value());
}

TEST_CASE("an answer that had come whole when it was stopped is not lost") {
  // The answer and stop() race; a message that reached this side must be reported, so that it can
  // be given back, or must not have been acknowledged by us.
  FakeServer server([](const FakeRequest&, FakePeer& peer) { peer.answer(200, "", "x"); });
  ExchangeWatch watch;
  auto link = link_to(server.url(), watch);
  auto stopper = std::async(std::launch::async, [&] {
    server.wait_for(1);
    watch.stop();
  });
  const auto answer = link.exchange(kPoll, Deadline::in(5s, now()));
  stopper.get();
  if (!answer) CHECK(answer.error().kind == Kind::stopped);
}
