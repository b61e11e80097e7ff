#include "cli/listen.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "tests/support/catch.h"
#include "tests/support/fake_queue.h"
#include "tests/support/run_command.h"

using namespace std::chrono_literals;
using pistachio::test::Command;
using pistachio::test::FakePeer;
using pistachio::test::FakeQueue;
using pistachio::test::FakeRequest;
using pistachio::test::FakeServer;
using pistachio::test::Output;
using pistachio::test::run_command;
using Story = FakeQueue::Story;
using Strings = std::vector<std::string>;

namespace {

FakeQueue::Story idle(const FakeQueue& queue) {
  REQUIRE(queue.wait_for([](const Story& story) { return story.parked == 1; }));
  return queue.story();
}

}  // namespace

TEST_CASE("listen prints each message and a newline, and settles it") {
  FakeQueue queue;
  Output output;
  Command listen({"listen", "foobar", "--url", queue.url()}, output);
  queue.push("one");
  CHECK(output.read_line() == "one");
  queue.push("two");
  CHECK(output.read_line() == "two");
  REQUIRE(queue.wait_for([](const Story& story) { return story.settled.size() == 2; }));
  listen.signal(SIGTERM);
  CHECK(listen.status() == 143);
  CHECK(queue.story().settled == Strings{"one", "two"});
  CHECK(listen.errors().empty());
}

TEST_CASE("a message in a pipe is not settled, and nothing follows it, before its reader took it") {
  FakeQueue queue;
  queue.push("one");
  queue.push("two");
  Output output;
  Command listen({"listen", "foobar", "--lease", "0.3s", "--url", queue.url()}, output);
  // It is renewed while nobody reads: time passes and nothing else happens.
  REQUIRE(queue.wait_for([](const Story& story) { return story.renewals >= 3; }));
  CHECK(queue.story().settled.empty());
  CHECK(queue.story().queued.size() == 1);
  CHECK(output.read_some(3) == "one");  // without its newline it is not whole
  REQUIRE(queue.wait_for([](const Story& story) { return story.renewals >= 5; }));
  CHECK(queue.story().settled.empty());
  CHECK(output.read_line().empty());
  CHECK(output.read_line() == "two");
  REQUIRE(queue.wait_for([](const Story& story) { return story.settled.size() == 2; }));
}

TEST_CASE("a reader that leaves after one message has taken exactly one, with a backlog") {
  FakeQueue queue;
  for (const char* body : {"one", "two", "three"}) queue.push(body);
  Output output;
  Command listen({"listen", "foobar", "--url", queue.url()}, output);
  CHECK(output.read_line() == "one");
  output.close_read_end();
  CHECK(listen.status() == 0);
  CHECK(listen.errors().empty());
  const auto story = queue.story();
  CHECK(story.settled == Strings{"one"});
  CHECK(story.leased.empty());
  CHECK(story.queued.size() == 2);
  CHECK(story.queued.front().body == "two");
}

TEST_CASE(
    "a reader that leaves while a poll is parked ends listen, without a message to notice by") {
  FakeQueue queue;
  queue.push("one");
  Output output;
  Command listen({"listen", "foobar", "--url", queue.url()}, output);
  CHECK(output.read_line() == "one");
  idle(queue);
  output.close_read_end();
  CHECK(listen.status() == 0);
  CHECK(queue.story().settled == Strings{"one"});
}

TEST_CASE("a terminal that goes while a poll is parked ends listen") {
  FakeQueue queue;
  Output terminal(Output::Kind::terminal);
  Command listen({"listen", "foobar", "--url", queue.url()}, terminal);
  idle(queue);
  queue.push("one");
  CHECK(terminal.read_line() == "one\r");
  REQUIRE(queue.wait_for([](const Story& story) { return story.settled.size() == 1; }));
  idle(queue);
  terminal.close_read_end();
  CHECK(listen.status() == 0);
}

TEST_CASE("a reader that leaves takes no more than it read of a prefetched batch") {
  FakeQueue queue;
  for (int i = 0; i < 20; ++i) queue.push(std::to_string(i));
  Output output;
  Command listen({"listen", "foobar", "--batch", "10", "--url", queue.url()}, output);
  CHECK(output.read_line() == "0");
  CHECK(output.read_line() == "1");
  output.close_read_end();
  CHECK(listen.status() == 0);
  const auto story = queue.story();
  CHECK(story.settled == Strings{"0", "1"});
  CHECK(story.leased.empty());
  REQUIRE(story.queued.size() == 18);
  for (int i = 0; i < 18; ++i) {
    CHECK(story.queued[static_cast<std::size_t>(i)].body == std::to_string(i + 2));
  }
}

TEST_CASE("a batch is settled by one poll and prints in order") {
  FakeQueue queue;
  for (int i = 0; i < 10; ++i) queue.push(std::to_string(i));
  Output output(Output::Kind::file);
  Command listen({"listen", "foobar", "--batch", "5", "--drain", "--url", queue.url()}, output);
  CHECK(listen.status() == 0);
  CHECK(output.read_all() == "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  CHECK(queue.story().settled.size() == 10);
}

TEST_CASE("messages over a page and with any bytes come out whole") {
  FakeQueue queue;
  std::string large;
  for (int i = 0; i < 300'000; ++i) large += static_cast<char>(i * 7);
  queue.push(large);
  queue.push("");
  Output output;
  Command listen({"listen", "foobar", "--drain", "-0", "--url", queue.url()}, output);
  std::string all;
  while (all.size() < large.size() + 2) all += output.read_some(65536);
  CHECK(all == large + std::string("\0\0", 2));
  CHECK(listen.status() == 0);
  CHECK(queue.story().settled.size() == 2);
}

TEST_CASE("SIGTERM settles what was read and releases what was not") {
  FakeQueue queue;
  for (const char* body : {"one", "two", "three"}) queue.push(body);
  Output output;
  Command listen({"listen", "foobar", "--batch", "3", "--url", queue.url()}, output);
  CHECK(output.read_line() == "one");
  listen.signal(SIGINT);
  CHECK(listen.status() == 130);
  const auto story = queue.story();
  CHECK(story.settled == Strings{"one"});
  CHECK(story.leased.empty());
  CHECK(story.queued.size() == 2);
  CHECK(story.queued.front().body == "two");
}

TEST_CASE("a pipe that somebody else has filled holds a message up, and SIGTERM gives it back") {
  FakeQueue queue;
  queue.push("one");
  Output output;
  const int size = ::fcntl(output.write_end(), F_GETPIPE_SZ);
  const std::string others(static_cast<std::size_t>(size), 'x');
  REQUIRE(::write(output.write_end(), others.data(), others.size()) == size);
  Command listen({"listen", "foobar", "--lease", "0.3s", "--url", queue.url()}, output);
  REQUIRE(queue.wait_for([](const Story& story) { return story.renewals >= 2; }));
  listen.signal(SIGTERM);
  CHECK(listen.status() == 143);
  const auto story = queue.story();
  CHECK(story.settled.empty());
  CHECK(story.released == Strings{"one"});
  output.close_write_end();
  CHECK(output.read_all() == others);
}

TEST_CASE("-n ends after so many messages, all settled, and takes no more") {
  FakeQueue queue;
  for (const char* body : {"one", "two", "three"}) queue.push(body);
  Output output(Output::Kind::file);
  Command listen({"listen", "foobar", "-n", "2", "--batch", "50", "--url", queue.url()}, output);
  CHECK(listen.status() == 0);
  CHECK(output.read_all() == "one\ntwo\n");
  CHECK(queue.story().settled == Strings{"one", "two"});
  CHECK(queue.story().queued.size() == 1);
}

TEST_CASE("--once takes one message, or ends with 3 when the wait ends empty") {
  FakeQueue queue;
  CHECK(
      run_command({"listen", "foobar", "--once", "--wait", "50ms", "--url", queue.url()}).status ==
      3);
  queue.push("one");
  queue.push("two");
  const auto result = run_command({"listen", "foobar", "--once", "--url", queue.url()});
  CHECK(result.status == 0);
  CHECK(result.out == "one\n");
  CHECK(queue.story().settled == Strings{"one"});
  CHECK(queue.story().leased.empty());
}

TEST_CASE("--drain ends when the endpoint is empty, with 3 if it was at once") {
  FakeQueue queue;
  CHECK(run_command({"listen", "foobar", "--drain", "--url", queue.url()}).status == 3);
  queue.push("one");
  queue.push("two");
  const auto result = run_command({"listen", "foobar", "--drain", "--url", queue.url()});
  CHECK(result.status == 0);
  CHECK(result.out == "one\ntwo\n");
  CHECK(queue.story().settled.size() == 2);
}

TEST_CASE("--format json prints envelopes that a push --ndjson could take") {
  FakeQueue queue;
  queue.push("a\nb");
  queue.push("\xff");
  const auto result =
      run_command({"listen", "foobar", "--drain", "--format", "json", "--url", queue.url()});
  CHECK(result.out ==
        "{\"id\":\"1\",\"endpoint\":\"foobar\",\"attempt\":1,\"age\":0.25,"
        "\"content_type\":\"text/plain\",\"data\":\"a\\nb\"}\n"
        "{\"id\":\"2\",\"endpoint\":\"foobar\",\"attempt\":1,\"age\":0.25,"
        "\"content_type\":\"text/plain\",\"data_base64\":\"/w==\"}\n");
}

TEST_CASE("the gem of 2010, which knows no leases, is listened to all the same") {
  FakeQueue queue(false);
  queue.push("one");
  queue.push("two");
  const auto result = run_command({"listen", "foobar", "-n", "2", "--url", queue.url()});
  CHECK(result.status == 0);
  CHECK(result.out == "one\ntwo\n");
  CHECK(result.err.empty());
}

TEST_CASE("a server that refuses the parameter lease is polled without it") {
  FakeServer server([](const FakeRequest& request, FakePeer& peer) {
    if (!request.query("lease").empty()) return peer.answer(400, "", "unknown parameter lease");
    peer.answer(200, "", "msg");
  });
  const auto result =
      run_command({"listen", "foobar", "-n", "1", "--batch", "9", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.out == "msg\n");
  CHECK(server.requests().back().query("max").empty());
}

TEST_CASE("what will not heal ends listen with 1 and the reason") {
  const int status = GENERATE(400, 401, 403, 404);
  FakeServer server([&](const FakeRequest&, FakePeer& peer) {
    peer.answer(status, "Content-Type: text/plain\r\n", "not here");
  });
  const auto result = run_command({"listen", "foobar", "--url", server.url()});
  CHECK(result.status == 1);
  CHECK(result.err ==
        "pistachio listen: the server answered " + std::to_string(status) + ": not here\n");
}

TEST_CASE("trouble is one line when it starts and one when it ends") {
  std::atomic<int> calls = 0;
  FakeServer server([&](const FakeRequest&, FakePeer& peer) {
    switch (++calls) {
      case 1:
        return peer.answer(500);
      case 2:
        return peer.send("garbage\r\n\r\n"), peer.close();
      case 3:
        return peer.reset();
      case 4:
        return peer.answer(503, "Retry-After: 0.02\r\n");
      default:
        return peer.answer(200, "", "msg");
    }
  });
  const auto result =
      run_command({"listen", "foobar", "--once", "--backoff", "1ms..2ms", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.out == "msg\n");
  CHECK(result.err.find("pistachio listen: the server answered 500; trying again\n"
                        "pistachio listen: all is well again after ") == 0);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 2);
}

TEST_CASE("an empty wait is no trouble, whoever answers it") {
  std::atomic<int> calls = 0;
  FakeServer server([&](const FakeRequest&, FakePeer& peer) {
    switch (++calls) {
      case 1:
        return peer.answer(504, "", "Timeout waiting for response");
      case 2:
        return peer.answer(504, "Pistachio-Wait: 0\r\nRetry-After: 0.01\r\n", "drained");
      case 3:
        return peer.answer(204);
      default:
        return peer.answer(200, "", "msg");
    }
  });
  const auto result = run_command({"listen", "foobar", "-n", "1", "--url", server.url()});
  CHECK(result.out == "msg\n");
  CHECK(result.err.empty());
}

TEST_CASE("--retry-for ends trouble with 4") {
  FakeServer server([](const FakeRequest&, FakePeer& peer) { peer.answer(500); });
  const auto result = run_command(
      {"listen", "foobar", "--retry-for", "50ms", "--backoff", "1ms..5ms", "--url", server.url()});
  CHECK(result.status == 4);
  CHECK(result.err.find("the server answered 500; gave up after ") != std::string::npos);
}

TEST_CASE("a proxy that answers 504 in the server's stead makes listen wait less, said once") {
  FakeServer server([](const FakeRequest& request, FakePeer& peer) {
    if (request.query("wait") == "30") {
      peer.wait_until_gone(1300ms);
      return peer.answer(504, "", "<html>Gateway Time-out</html>");
    }
    peer.answer(200, "", "msg");
  });
  const auto result = run_command({"listen", "foobar", "-n", "1", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.out == "msg\n");
  CHECK(result.err.find("something on the way ends polls after ") != std::string::npos);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("a middlebox that cuts polls at the same age makes listen wait less, said once") {
  FakeServer server([](const FakeRequest& request, FakePeer& peer) {
    if (request.query("wait") == "30") {
      peer.wait_until_gone(1300ms);
      return peer.reset();
    }
    peer.answer(200, "", "msg");
  });
  const auto result =
      run_command({"listen", "foobar", "-n", "1", "--backoff", "1ms..2ms", "--url", server.url()});
  CHECK(result.status == 0);
  CHECK(result.out == "msg\n");
  const std::string said = "something on the way ends polls after ";
  const auto at = result.err.find(said);
  REQUIRE(at != std::string::npos);
  CHECK(result.err.find(said, at + 1) == std::string::npos);
}

TEST_CASE("output that cannot be written ends listen with 1, and the message goes back") {
  FakeQueue queue;
  queue.push("one");
  Output output;
  // A descriptor that is open for reading only.
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  REQUIRE(::dup2(full, output.write_end()) >= 0);
  ::close(full);
  Command listen({"listen", "foobar", "--url", queue.url()}, output);
  CHECK(listen.status() == 1);
  CHECK(listen.errors() ==
        "pistachio listen: cannot write to standard output: No space left on device\n");
  CHECK(queue.story().released == Strings{"one"});
}

TEST_CASE("a listen that cannot be is wrong usage") {
  CHECK(run_command({"listen"}).status == 2);
  CHECK(run_command({"listen", "a/b"}).status == 2);
  CHECK(run_command({"listen", "a", "a"}).status == 2);
  CHECK(run_command({"listen", "a", "-n", "0"}).status == 2);
  CHECK(run_command({"listen", "a", "--once", "-n", "2"}).status == 2);
  CHECK(run_command({"listen", "a", "--format", "xml"}).status == 2);
  CHECK(run_command({"listen", "a", "--backoff", "3s..1s"}).status == 2);
}

TEST_CASE("several endpoints are polled at once and receipts go to the right one") {
  std::atomic<int> calls = 0;
  FakeServer server([&](const FakeRequest& request, FakePeer& peer) {
    if (request.method == "DELETE") return peer.answer(204);
    ++calls;
    peer.answer(200, "Pistachio-Endpoint: low\r\nPistachio-Receipt: R\r\nPistachio-Lease: 30\r\n",
                "msg");
  });
  CHECK(run_command({"listen", "high", "low", "-n", "1", "--url", server.url()}).out == "msg\n");
  CHECK(server.requests().at(0).path() == "/messages/high,low");
  CHECK(server.requests().at(1).method == "DELETE");
  CHECK(server.requests().at(1).path() == "/messages/low/R");
}
