#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/fake_queue.h"
#include "tests/support/run_command.h"

using namespace std::chrono_literals;
using pistachio::test::Command;
using pistachio::test::FakeQueue;
using pistachio::test::Output;
using pistachio::test::run_command;
using Story = FakeQueue::Story;
using Strings = std::vector<std::string>;

namespace {

// A directory with a named pipe that holds one command up until the test lets it go.
class Gate {
 public:
  Gate() {
    char name[] = "/tmp/pistachio-gate-XXXXXX";
    directory_ = ::mkdtemp(name);
    ::mkfifo(pipe().c_str(), 0600);
  }
  ~Gate() {
    ::unlink(pipe().c_str());
    ::rmdir(directory_.c_str());
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  std::string pipe() const { return directory_ + "/pipe"; }

  // Shell words: waits until open().
  std::string wait() const { return "read x < " + pipe(); }

  // Lets one command go; waits until it is there.
  void open() const { std::ofstream(pipe()) << "go\n"; }

 private:
  std::string directory_;
};

std::vector<std::string> exec(const FakeQueue& queue, const std::string& command,
                              std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"listen",    "foobar", "--url",
                                        queue.url(), "--exec", command};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("a command gets the body as its input and the rest in its environment") {
  FakeQueue queue;
  queue.push("line 1\nline 2", 3);
  const auto result =
      run_command(exec(queue,
                       "cat; echo; echo $PISTACHIO_MESSAGE_ID $PISTACHIO_MESSAGE_ENDPOINT "
                       "$PISTACHIO_MESSAGE_ATTEMPT $PISTACHIO_MESSAGE_CONTENT_TYPE",
                       {"--drain"}));
  CHECK(result.status == 0);
  CHECK(result.out == "line 1\nline 2\n1 foobar 3 text/plain\n");
  CHECK(queue.story().settled == Strings{"line 1\nline 2"});
}

TEST_CASE("a large body reaches a command, and one that reads nothing does no harm") {
  FakeQueue queue;
  queue.push(std::string(3'000'000, 'x'));
  queue.push(std::string(3'000'000, 'y'));
  CHECK(run_command(exec(queue, "wc -c", {"-n", "1"})).out.find("3000000") != std::string::npos);
  CHECK(run_command(exec(queue, "true", {"-n", "1"})).status == 0);
  CHECK(queue.story().settled.size() == 2);
}

TEST_CASE("the exit status is the acknowledgement") {
  FakeQueue queue;
  const auto after = [&](const std::string& command, int attempt) {
    queue.push(command, attempt);
    const auto result = run_command(exec(queue, "sh -s", {"--drain"}));
    CHECK(result.status == 0);
    return result.err;
  };
  CHECK(after("exit 0", 1).empty());
  CHECK(queue.story().settled == Strings{"exit 0"});
  CHECK(after("exit 100", 1) ==
        "pistachio listen: message 2: the command ended with status 100; a dead letter now\n");
  CHECK(queue.story().dead == Strings{"exit 100"});
  CHECK(after("exit 1", 1) ==
        "pistachio listen: message 3: the command ended with status 1; again in 1s\n");
  after("exit 99", 2);
  after("kill -9 $$", 3);
  after("exit 255", 20);
  CHECK(queue.story().retried == Strings{"exit 1 1", "exit 99 2", "kill -9 $$ 4", "exit 255 300"});
  CHECK(queue.story().leased.empty());
}

TEST_CASE("a command that cannot be run ends listen with 1 and gives the message back, uncounted") {
  const std::string command = GENERATE("/no/such/command", "/etc/passwd");
  FakeQueue queue;
  queue.push("one");
  queue.push("two");
  const auto result = run_command(exec(queue, command, {"--jobs", "2"}));
  CHECK(result.status == 1);
  CHECK(result.err.find("the command cannot be run") != std::string::npos);
  const auto story = queue.story();
  CHECK(story.settled.empty());
  CHECK(story.retried.empty());
  CHECK(story.leased.empty());
  CHECK(story.queued.size() == 2);
}

TEST_CASE("the lease is renewed while a command works, and SIGTERM lets it finish") {
  FakeQueue queue;
  queue.push("one");
  queue.push("two");
  const Gate gate;
  Output output(Output::Kind::file);
  Command listen(exec(queue, gate.wait(), {"--lease", "0.3s"}), output);
  REQUIRE(queue.wait_for([](const Story& story) { return story.renewals >= 2; }));
  listen.signal(SIGTERM);
  const int before = queue.story().renewals;
  REQUIRE(queue.wait_for([&](const Story& story) { return story.renewals >= before + 2; }));
  gate.open();
  CHECK(listen.status() == 143);
  CHECK(queue.story().settled == Strings{"one"});
  CHECK(queue.story().queued.size() == 1);
}

TEST_CASE("a second SIGTERM ends the command and gives the message back, uncounted") {
  FakeQueue queue;
  queue.push("one");
  const Gate gate;
  Output output;
  Command listen(exec(queue, "echo started; " + gate.wait()), output);
  CHECK(output.read_line() == "started");
  listen.signal(SIGTERM);
  listen.signal(SIGTERM);
  CHECK(listen.status() == 143);
  const auto story = queue.story();
  CHECK(story.released == Strings{"one"});
  CHECK(story.leased.empty());
  // The command is gone: nobody holds the pipe any more.
  output.close_write_end();
  CHECK(output.read_all().empty());
}

TEST_CASE("so many jobs run at once, and no more") {
  FakeQueue queue;
  const std::vector<Gate> gates(5);
  for (const Gate& gate : gates) queue.push(gate.pipe() + "\n");
  Output output;
  Command listen(exec(queue, "read pipe; echo $pipe; read x < $pipe", {"--jobs", "3", "-n", "5"}),
                 output);
  const auto started = [&] { return output.read_line(); };
  Strings waiting = {started(), started(), started()};
  CHECK(queue.story().leased.size() == 3);
  CHECK(queue.story().queued.size() == 2);
  // Each that ends makes room for one.
  for (int i = 0; i < 5; ++i) {
    std::ofstream(waiting[static_cast<std::size_t>(i)]) << "go\n";
    if (i < 2) waiting.push_back(started());
  }
  CHECK(listen.status() == 0);
  CHECK(queue.story().settled.size() == 5);
}

TEST_CASE("a command is in a process group of its own and has no descriptor of ours") {
  FakeQueue queue;
  queue.push("one");
  const auto result = run_command(
      exec(queue, "ls /proc/self/fd | tr '\\n' ' '; cut -d ' ' -f 5 /proc/$$/stat", {"--once"}));
  CHECK(result.status == 0);
  // ls has its own descriptor of the directory.
  REQUIRE(result.out.starts_with("0 1 2 3 "));
  CHECK(std::stol(result.out.substr(8)) != ::getpgrp());
}

TEST_CASE("without leases a command that fails loses its message, and that is said") {
  FakeQueue queue(false);
  queue.push("one");
  const auto result = run_command(exec(queue, "exit 1", {"-n", "1"}));
  CHECK(result.err.find("a message is lost: the server knows no leases") != std::string::npos);
}

TEST_CASE("jobs without a command are wrong usage") {
  CHECK(run_command({"listen", "foobar", "--jobs", "2"}).status == 2);
}
