#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/fake_server.h"
#include "tests/support/run_command.h"

// stats, peek, purge and redrive: commands of one request, or one per page.

using pistachio::test::FakePeer;
using pistachio::test::FakeRequest;
using pistachio::test::FakeServer;
using pistachio::test::run_command;

namespace {

FakeServer::Script answer(int status, const std::string& body) {
  return [=](const FakeRequest&, FakePeer& peer) { peer.answer(status, "", body); };
}

}  // namespace

TEST_CASE("stats prints an object a line where there is no terminal") {
  FakeServer server(answer(
      200, R"({"endpoints":[{"name":"a","queued":1,"oldest_s":2.5},{"name":"b","queued":0}]})"));
  const auto result = run_command({"stats", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.out ==
        "{\"name\":\"a\",\"oldest_s\":2.5,\"queued\":1}\n{\"name\":\"b\",\"queued\":0}\n");
  CHECK(server.requests().at(0).target == "/messages");
}

TEST_CASE("stats asks for page after page") {
  FakeServer server([](const FakeRequest& request, FakePeer& peer) {
    std::string body;
    const bool first = request.query("after").empty();
    for (int i = 0; i < (first ? 1000 : 1); ++i) {
      body += (body.empty() ? "{\"name\":\"" : ",{\"name\":\"") + std::to_string(i) + "\"}";
    }
    peer.answer(200, "", "{\"endpoints\":[" + body + "]}");
  });
  const auto result = run_command({"stats", "--url", server.url()});
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1001);
  REQUIRE(server.requests().size() == 2);
  CHECK(server.requests().at(1).query("after") == "999");
}

TEST_CASE("stats of named endpoints shows just them, also those that hold nothing") {
  FakeServer server([](const FakeRequest& request, FakePeer& peer) {
    if (request.query("prefix") == "job") {
      return peer.answer(200, "", R"({"endpoints":[{"name":"jobs","queued":7}]})");
    }
    peer.answer(200, "", R"({"endpoints":[{"name":"a","queued":3},{"name":"ab","queued":9}]})");
  });
  const auto result = run_command({"stats", "a", "job", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.out ==
        "{\"name\":\"a\",\"queued\":3}\n"
        "{\"delayed\":0,\"leased\":0,\"name\":\"job\",\"queued\":0,\"waiting\":0}\n");
}

TEST_CASE("peek prints messages as listen does, and with --format json what the server said") {
  const std::string lines =
      "{\"id\":\"1\",\"data\":\"a\\nb\",\"state\":\"queued\"}\n"
      "{\"id\":\"2\",\"data_base64\":\"/w==\",\"state\":\"leased\"}\n";
  FakeServer server(answer(200, lines));
  const auto raw = run_command({"peek", "foobar", "--url", server.url()});
  CHECK(raw.status == 0);
  CHECK(raw.out == "a\nb\n\xff\n");
  CHECK(run_command({"peek", "foobar", "-0", "--url", server.url()}).out ==
        std::string("a\nb\0\xff\0", 6));
  const auto json =
      run_command({"peek", "foobar", "-n", "3", "--format", "json", "--url", server.url()});
  CHECK(json.out == lines);
  CHECK(server.requests().at(0).target == "/messages/foobar?peek=10");
  CHECK(server.requests().at(2).target == "/messages/foobar?peek=3");
}

TEST_CASE("purge removes everything or one message, and says how many on stderr") {
  FakeServer server(answer(200, "{\"purged\":1}"));
  const auto all = run_command({"purge", "foobar", "--url", server.url()});
  CHECK(all.status == 0);
  CHECK(all.out.empty());
  CHECK(all.err == "pistachio purge: 1 message removed from foobar\n");
  run_command({"purge", "foobar", "--id", "a b", "--url", server.url()});
  CHECK(server.requests().at(0).method == "DELETE");
  CHECK(server.requests().at(0).target == "/messages/foobar");
  CHECK(server.requests().at(1).target == "/messages/foobar?id=a%20b");
}

TEST_CASE("redrive moves dead letters back, whichever of the two names it is given") {
  FakeServer server(answer(200, "{\"moved\":3}"));
  CHECK(run_command({"redrive", "jobs", "--url", server.url()}).err ==
        "pistachio redrive: 3 messages moved back to jobs\n");
  CHECK(run_command({"redrive", "jobs.dead", "--url", server.url()}).status == 0);
  for (const auto& request : server.requests()) {
    CHECK(request.method == "POST");
    CHECK(request.target == "/messages/jobs.dead?redrive=1");
  }
}

TEST_CASE("an upkeep command ends with 1 when it is refused and 4 when nobody is there") {
  const std::string command = GENERATE("stats", "peek", "purge", "redrive");
  FakeServer server([](const FakeRequest&, FakePeer& peer) {
    peer.answer(403, "Content-Type: text/plain\r\n", "needs admin");
  });
  const auto refused = run_command({command, "jobs", "--url", server.url()});
  CHECK(refused.status == 1);
  CHECK(refused.err == "pistachio " + command + ": the server answered 403: needs admin\n");
  FakeServer draining(answer(503, ""));
  CHECK(run_command({command, "jobs", "--url", draining.url()}).status == 4);
  CHECK(run_command({command, "a/b", "--url", server.url()}).status == 2);
}
