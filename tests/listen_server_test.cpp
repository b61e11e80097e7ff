#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "tests/support/catch.h"
#include "tests/support/run_command.h"
#include "tests/support/server_house.h"

// push and listen against the server that they are made for.

using namespace std::chrono_literals;
using pistachio::test::Command;
using pistachio::test::Output;
using pistachio::test::ServerHouse;

namespace {

// Does something that blocks while the server turns.
template <class Do>
auto meanwhile(ServerHouse& house, Do what) {
  auto result = std::async(std::launch::async, what);
  REQUIRE(house.turn_until([&] { return result.wait_for(0s) == std::future_status::ready; }));
  return result.get();
}

std::vector<std::string> with_url(const ServerHouse& house, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(),
                   {"--url", "http://127.0.0.1:" + std::to_string(house.port()) + "/messages"});
  return arguments;
}

int status(ServerHouse& house, std::vector<std::string> arguments, Output& output) {
  Command command(with_url(house, std::move(arguments)), output);
  return meanwhile(house, [&] { return command.status(); });
}

// The built binary, as a process that can be killed.
class Process {
 public:
  Process(std::vector<std::string> arguments, int out) {
    arguments.insert(arguments.begin(), PISTACHIO_BINARY);
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    REQUIRE(::posix_spawn(&pid_, PISTACHIO_BINARY, &files, nullptr, pointers.data(), environ) == 0);
    ::posix_spawn_file_actions_destroy(&files);
  }
  ~Process() { kill(); }
  void kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("what push pushes listen prints, in order and settled") {
  ServerHouse house;
  Output none;
  for (const char* body : {"one", "two"}) CHECK(status(house, {"push", "jobs", body}, none) == 0);
  Output output(Output::Kind::file);
  CHECK(status(house, {"listen", "jobs", "--drain"}, output) == 0);
  CHECK(output.read_all() == "one\ntwo\n");
  CHECK(house.counts("jobs").queued == 0);
  CHECK(house.counts("jobs").leased == 0);
}

TEST_CASE("readers that leave after some lines each leave nothing behind and miss nothing") {
  ServerHouse house;
  constexpr int kMessages = 60;
  for (int i = 0; i < kMessages; ++i) house.push("jobs", std::to_string(i));
  const std::string batch = GENERATE("1", "7");
  std::vector<std::string> seen;
  for (int lines = 1; seen.size() < kMessages; lines = lines % 5 + 1) {
    Output output;
    Command listen(with_url(house, {"listen", "jobs", "--batch", batch}), output);
    for (int i = 0; i < lines && seen.size() < kMessages; ++i) {
      seen.push_back(meanwhile(house, [&] { return output.read_line(); }));
    }
    output.close_read_end();
    CHECK(meanwhile(house, [&] { return listen.status(); }) == 0);
  }
  for (int i = 0; i < kMessages; ++i) {
    CHECK(seen[static_cast<std::size_t>(i)] == std::to_string(i));
  }
  CHECK(house.counts("jobs").queued == 0);
  CHECK(house.counts("jobs").leased == 0);
}

TEST_CASE("a listener that is killed with a message in its pipe loses nothing") {
  ServerHouse house;
  house.push("jobs", "precious");
  Output output;
  {
    Process listen(with_url(house, {"listen", "jobs", "--lease", "0.2s"}), output.write_end());
    REQUIRE(house.turn_until([&] { return house.counts("jobs").leased == 1; }));
    listen.kill();
  }
  REQUIRE(house.turn_until([&] { return house.counts("jobs").queued == 1; }));
  Output again(Output::Kind::file);
  CHECK(status(house, {"listen", "jobs", "--once"}, again) == 0);
  CHECK(again.read_all() == "precious\n");
}

TEST_CASE("a listener that is told to stop while it waits leaves no poll behind") {
  ServerHouse house;
  Output output;
  Command listen(with_url(house, {"listen", "jobs"}), output);
  REQUIRE(house.turn_until([&] { return house.waiting("jobs") == 1; }));
  listen.signal(SIGTERM);
  CHECK(meanwhile(house, [&] { return listen.status(); }) == 143);
  CHECK(house.turn_until([&] { return house.waiting("jobs") == 0; }));
}

TEST_CASE("a job that fails comes again later, counted, and a dead one goes to the dead letters") {
  ServerHouse house;
  house.push("jobs", "exit 7");
  house.push("jobs", "exit 100");
  Output output(Output::Kind::file);
  CHECK(status(house, {"listen", "jobs", "--exec", "sh -s", "--drain"}, output) == 0);
  CHECK(house.counts("jobs").delayed == 1);
  CHECK(house.counts("jobs.dead").queued == 1);
  CHECK(status(house, {"redrive", "jobs"}, output) == 0);
  CHECK(house.counts("jobs").queued == 1);
}

TEST_CASE("envelopes that listen prints are what push --ndjson takes") {
  ServerHouse house;
  const std::string bytes("\0\xff\n", 3);
  house.push("from", bytes);
  house.push("from", "text");
  Output envelopes(Output::Kind::file);
  CHECK(status(house, {"listen", "from", "--drain", "--format", "json"}, envelopes) == 0);
  Output none;
  Command push(with_url(house, {"push", "to", "--ndjson"}), none, {.input = envelopes.read_all()});
  CHECK(meanwhile(house, [&] { return push.status(); }) == 0);
  Output output(Output::Kind::file);
  CHECK(status(house, {"listen", "to", "--drain", "-0"}, output) == 0);
  CHECK(output.read_all() == bytes + std::string("\0text\0", 6));
}

TEST_CASE("a batch that is prefetched is leased, and settled one by one") {
  ServerHouse house;
  for (int i = 0; i < 10; ++i) house.push("jobs", std::to_string(i));
  Output output;
  Command listen(with_url(house, {"listen", "jobs", "--batch", "10", "--lease", "60s"}), output);
  REQUIRE(house.turn_until([&] { return house.counts("jobs").leased == 10; }));
  for (int i = 0; i < 4; ++i) {
    CHECK(meanwhile(house, [&] { return output.read_line(); }) == std::to_string(i));
  }
  // What was read is settled within a second or two although no poll follows.
  CHECK(house.turn_until([&] { return house.counts("jobs").leased == 6; }));
  output.close_read_end();
  CHECK(meanwhile(house, [&] { return listen.status(); }) == 0);
  CHECK(house.counts("jobs").queued == 6);
}
