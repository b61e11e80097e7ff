#include "cli/push.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>

#include "tests/support/catch.h"
#include "tests/support/fake_server.h"
#include "tests/support/run_command.h"

using namespace std::chrono_literals;
using pistachio::test::FakePeer;
using pistachio::test::FakeRequest;
using pistachio::test::FakeServer;
using pistachio::test::run_command;

namespace {

FakeServer::Script accept_all() {
  return [](const FakeRequest&, FakePeer& peer) {
    peer.answer(201, "Content-Type: application/json\r\n", "{\"id\":\"17\"}\n");
  };
}

}  // namespace

TEST_CASE("push sends its argument as the message and is silent") {
  FakeServer server(accept_all());
  const auto result = run_command({"push", "foobar", "msg", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(result.err.empty());
  const auto request = server.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/messages/foobar");
  CHECK(request.body == "msg");
}

TEST_CASE("push -v prints the id") {
  FakeServer server(accept_all());
  CHECK(run_command({"push", "foobar", "msg", "-v", "--url", server.url()}).out == "17\n");
}

TEST_CASE("without a message, or with -, standard input is one message, byte for byte") {
  FakeServer server(accept_all());
  const std::string bytes("a\0b\n\nc\xff\n", 8);
  CHECK(run_command({"push", "foobar", "--url", server.url()}, {.input = bytes}).status == 0);
  CHECK(run_command({"push", "foobar", "-", "--url", server.url()}, {.input = bytes}).status == 0);
  CHECK(server.requests().at(0).body == bytes);
  CHECK(server.requests().at(1).body == bytes);
}

TEST_CASE("an empty argument is the empty message") {
  FakeServer server(accept_all());
  CHECK(run_command({"push", "foobar", "", "--url", server.url()}, {.input = "x"}).status == 0);
  CHECK(server.requests().at(0).body.empty());
  CHECK(server.requests().at(0).field("Content-Length") == "0");
}

TEST_CASE("push --file sends what is in the file") {
  FakeServer server(accept_all());
  const std::string name = "/tmp/pistachio-push-test-" + std::to_string(::getpid());
  std::ofstream(name) << "from a file\n";
  const auto result = run_command({"push", "foobar", "--file", name, "--url", server.url()});
  ::unlink(name.c_str());
  CHECK(result.status == 0);
  CHECK(server.requests().at(0).body == "from a file\n");
  const auto missing = run_command({"push", "foobar", "--file", name, "--url", server.url()});
  CHECK(missing.status == 1);
  CHECK(missing.err == "pistachio push: cannot open " + name + ": No such file or directory\n");
}

TEST_CASE("what a push is told about its message reaches the server") {
  FakeServer server(accept_all());
  run_command({"push", "foobar", "{}", "--content-type", "application/json", "--delay", "1.5s",
               "--ttl", "1h", "--key", "order 17", "--token", "T", "--url", server.url()});
  const auto request = server.requests().at(0);
  CHECK(request.field("Content-Type") == "application/json");
  CHECK(request.field("Idempotency-Key") == "order 17");
  CHECK(request.field("Authorization") == "Bearer T");
  CHECK(request.query("delay") == "1.5");
  CHECK(request.query("ttl") == "3600");
}

TEST_CASE("a push is tried again under the same key of its own, and another push has another key") {
  std::atomic<int> calls = 0;
  FakeServer server([&](const FakeRequest&, FakePeer& peer) {
    switch (++calls) {
      case 1:
        return peer.answer(503, "Retry-After: 0.01\r\n");
      case 2:
        return peer.answer(429, "Retry-After: 0.01\r\n");
      case 3:
        return peer.close();
      default:
        return peer.answer(201);
    }
  });
  const auto result = run_command({"push", "foobar", "msg", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.err == "pistachio push: the server answered 503; trying again for 30s\n");
  REQUIRE(run_command({"push", "foobar", "msg", "--url", server.url()}).status == 0);
  const auto requests = server.requests();
  REQUIRE(requests.size() == 5);
  const auto key = requests[0].field("Idempotency-Key");
  CHECK(key.size() == 32);
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(requests[i].field("Idempotency-Key") == key);
    CHECK(requests[i].body == "msg");
  }
  CHECK(requests[4].field("Idempotency-Key") != key);
}

TEST_CASE("what will not heal is not tried again and says why") {
  const int status = GENERATE(400, 401, 403, 404, 413, 422, 507, 500);
  FakeServer server([&](const FakeRequest&, FakePeer& peer) {
    peer.answer(status, "Content-Type: application/problem+json\r\n", "{\"detail\":\"too large\"}");
  });
  const auto result = run_command({"push", "foobar", "msg", "--url", server.url()});
  CHECK(result.status == 1);
  CHECK(result.err ==
        "pistachio push: the server answered " + std::to_string(status) + ": too large\n");
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a server that cannot be reached ends a push with 4, a full endpoint with 1") {
  std::string url;
  {
    FakeServer server(accept_all());
    url = server.url();
  }
  const auto gone = run_command({"push", "foobar", "msg", "--retry-for", "0", "--url", url});
  CHECK(gone.status == 4);
  CHECK(gone.err ==
        "pistachio push: cannot connect to " + url + " (is pistachio serve running there?)\n");
  FakeServer full(
      [](const FakeRequest&, FakePeer& peer) { peer.answer(429, "Retry-After: 60\r\n"); });
  CHECK(run_command({"push", "foobar", "msg", "--retry-for", "1s", "--url", full.url()}).status ==
        1);
  FakeServer draining(
      [](const FakeRequest&, FakePeer& peer) { peer.answer(503, "Retry-After: 60\r\n"); });
  CHECK(
      run_command({"push", "foobar", "msg", "--retry-for", "1s", "--url", draining.url()}).status ==
      4);
}

TEST_CASE("a push that cannot be is wrong usage, and nothing is sent") {
  FakeServer server(accept_all());
  const auto status = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "push");
    arguments.insert(arguments.end(), {"--url", server.url()});
    return run_command(std::move(arguments)).status;
  };
  CHECK(status({}) == 2);
  CHECK(status({"a/b", "msg"}) == 2);
  CHECK(status({"foobar", "msg", "--key", std::string(256, 'k')}) == 2);
  CHECK(status({"foobar", "msg", "--key", "a\r\nX: y"}) == 2);
  CHECK(status({"foobar", "msg", "--content-type", "a\nb"}) == 2);
  CHECK(status({"foobar", "msg", "--retry-for", "9m"}) == 2);
  CHECK(status({"foobar", "msg", "--file", "f"}) == 2);
  CHECK(run_command({"push", "foobar", "msg", "--url", "nonsense"}).status == 2);
  CHECK(server.requests().empty());
}

namespace {

// Takes split bodies and remembers how many lines there were.
FakeServer::Script count_lines() {
  return [](const FakeRequest& request, FakePeer& peer) {
    const auto lines = std::count(request.body.begin(), request.body.end(), '\n');
    peer.answer(201, "Content-Type: application/json\r\n",
                "{\"count\":" + std::to_string(lines) + ",\"first_id\":\"1\"}\n");
  };
}

}  // namespace

TEST_CASE("push --lines sends lines in batches, each under a key of its own") {
  FakeServer server(count_lines());
  std::string input;
  for (int i = 0; i < 2500; ++i) input += "line " + std::to_string(i) + "\n";
  const auto result = run_command(
      {"push", "foobar", "--lines", "-v", "--ttl", "9", "--url", server.url()}, {.input = input});
  CHECK(result.status == 0);
  CHECK(result.out.empty());
  CHECK(result.err == "pistachio push: 2500 messages were pushed\n");
  std::string sent;
  std::set<std::string> keys;
  const auto requests = server.requests();
  for (const auto& request : requests) {
    CHECK(request.query("split") == "lines");
    CHECK(request.query("ttl") == "9");
    sent += request.body;
    keys.insert(request.field("Idempotency-Key"));
  }
  CHECK(sent == input);
  CHECK(requests.size() >= 3);
  CHECK(keys.size() == requests.size());
}

TEST_CASE("push --ndjson sends the lines as they are") {
  FakeServer server(count_lines());
  const std::string input = "{\"data\":\"a\"}\n{\"data_base64\":\"/w==\"}\n";
  CHECK(
      run_command({"push", "foobar", "--ndjson", "--url", server.url()}, {.input = input}).status ==
      0);
  CHECK(server.requests().at(0).query("split") == "ndjson");
  CHECK(server.requests().at(0).body == input);
}

TEST_CASE("push --lines without any lines pushes nothing") {
  FakeServer server(count_lines());
  CHECK(run_command({"push", "foobar", "--lines", "--url", server.url()}).status == 0);
  CHECK(server.requests().empty());
}

TEST_CASE("push --lines that fails in the middle says what was pushed and what was not") {
  std::atomic<int> calls = 0;
  const auto count = count_lines();
  FakeServer server([&](const FakeRequest& request, FakePeer& peer) {
    if (++calls == 1) return count(request, peer);
    peer.answer(400, "Content-Type: text/plain\r\n", "line 7 is no envelope");
  });
  std::string input;
  for (int i = 0; i < 1500; ++i) input += "x\n";
  const auto result =
      run_command({"push", "foobar", "--ndjson", "--url", server.url()}, {.input = input});
  CHECK(result.status == 1);
  CHECK(result.err ==
        "pistachio push: lines 1001 to 1500: the server answered 400: line 7 is no envelope\n"
        "pistachio push: 1000 messages were pushed; line 1001 and what follows it were not\n");
}

TEST_CASE("many messages and one exclude each other") {
  CHECK(run_command({"push", "foobar", "msg", "--lines"}).status == 2);
  CHECK(run_command({"push", "foobar", "--lines", "--ndjson"}).status == 2);
  CHECK(run_command({"push", "foobar", "--lines", "--key", "k"}).status == 2);
}
