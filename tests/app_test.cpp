#include "cli/app.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "cli/help.h"
#include "core/version.h"
#include "tests/support/catch.h"
#include "tests/support/fake_server.h"
#include "tests/support/run_command.h"

using namespace pistachio;
using test::FakePeer;
using test::FakeRequest;
using test::FakeServer;
using test::run_command;

namespace {

// A configuration file that is gone with its test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : name_("/tmp/pistachio-app-test-" + std::to_string(::getpid())) {
    std::ofstream(name_) << text;
  }
  ~TemporaryFile() { ::unlink(name_.c_str()); }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

FakeServer::Script accept_all() {
  return [](const FakeRequest&, FakePeer& peer) { peer.answer(201); };
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Characters, not bytes.
std::size_t width(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

TEST_CASE("the help of each command fits a screen, names every flag and ends with examples") {
  for (const auto& command : cli::commands()) {
    INFO(command.name);
    const std::string help(cli::help_of(command.name));
    for (const auto& flag : command.flags) {
      // --help of a command is told in that of the program.
      if (flag.name == "--help" && !command.name.empty()) continue;
      INFO(flag.name);
      CHECK(help.find(flag.name) != std::string::npos);
      CHECK(help.find(flag.short_name) != std::string::npos);
    }
    const auto lines = lines_of(help);
    CHECK(lines.size() <= 24);
    for (const auto& line : lines) CHECK(width(line) <= 80);
    CHECK(help.find("Examples:\n  pistachio " + command.name) != std::string::npos);
    const auto shown =
        command.name.empty() ? run_command({"--help"}) : run_command({command.name, "--help"});
    CHECK(shown.status == 0);
    CHECK(shown.out == help);
    CHECK(shown.err.empty());
  }
}

TEST_CASE("the help of the program names every command") {
  const auto result = run_command({"--help"});
  CHECK(result.status == 0);
  for (const auto& command : cli::commands()) {
    if (command.name.empty()) continue;
    CHECK(result.out.find("\n  " + command.name + " ") != std::string::npos);
  }
}

TEST_CASE("the version goes to stdout") {
  const auto result = run_command({"--version"});
  CHECK(result.status == 0);
  CHECK(result.out == "pistachio " + std::string(version()) + "\n");
}

TEST_CASE("no command at all is wrong usage and shows the help") {
  const auto result = run_command({});
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(result.err.find("Usage:") != std::string::npos);
}

TEST_CASE("a mistyped command or flag is wrong usage and gets a suggestion") {
  const auto command = run_command({"pusg", "foobar"});
  CHECK(command.status == 2);
  CHECK(command.err ==
        "pistachio: there is no command pusg; did you mean push?\nTry 'pistachio --help'.\n");
  const auto flag = run_command({"push", "--urll=http://x", "foobar"});
  CHECK(flag.status == 2);
  CHECK(flag.err ==
        "pistachio push: there is no flag --urll; did you mean --url?\n"
        "Try 'pistachio push --help'.\n");
  CHECK(run_command({"listen", "--frobnicate", "x"}).err ==
        "pistachio listen: there is no flag --frobnicate\nTry 'pistachio listen --help'.\n");
  CHECK(run_command({"push", "a", "b", "c"}).err ==
        "pistachio push: \"c\" is one argument too many\nTry 'pistachio push --help'.\n");
  CHECK(run_command({"push", "a", "--key"}).err ==
        "pistachio push: --key needs a value\nTry 'pistachio push --help'.\n");
}

TEST_CASE("a message may be called like a command, and like a flag after --") {
  FakeServer server(accept_all());
  CHECK(run_command({"push", "listen", "serve", "--url", server.url()}).status == 0);
  CHECK(run_command({"push", "--url", server.url(), "foobar", "--", "--lines"}).status == 0);
  CHECK(server.requests().at(0).target == "/messages/listen");
  CHECK(server.requests().at(0).body == "serve");
  CHECK(server.requests().at(1).body == "--lines");
}

TEST_CASE("a flag beats the environment, that beats the file, that beats the default") {
  FakeServer server(accept_all());
  const TemporaryFile file("[push]\nurl = \"" + server.url() +
                           "\"\nttl = 1\ndelay = 1\nkey = file\n");
  const auto result =
      run_command({"push", "foobar", "x", "--config", file.name(), "--ttl", "3"},
                  {.environment = {{"PISTACHIO_TTL", "2"}, {"PISTACHIO_DELAY", "2"}}});
  CHECK(result.err.empty());
  REQUIRE(result.status == 0);
  const auto request = server.requests().at(0);
  CHECK(request.query("ttl") == "3");
  CHECK(request.query("delay") == "2");
  CHECK(request.field("Idempotency-Key") == "file");
}

TEST_CASE("the file may stand before the command, after it or in the environment") {
  FakeServer server(accept_all());
  const TemporaryFile file("[push]\nurl = \"" + server.url() + "\"\n");
  CHECK(run_command({"--config", file.name(), "push", "a", "x"}).status == 0);
  CHECK(run_command({"push", "a", "x", "--config", file.name()}).status == 0);
  CHECK(run_command({"push", "a", "x"}, {.environment = {{"PISTACHIO_CONFIG", file.name()}}})
            .status == 0);
  CHECK(server.requests().size() == 3);
}

TEST_CASE("a misspelt section or key in the file is an error with a suggestion") {
  const TemporaryFile key("[listen]\nwait = 1\n[push]\nurll = x\n");
  const auto wrong_key = run_command({"push", "a", "x", "--config", key.name()});
  CHECK(wrong_key.status == 2);
  CHECK(wrong_key.err.find(key.name() + " line 4: [push] has no key \"urll\"; did you mean url?") !=
        std::string::npos);
  const TemporaryFile section("[pusch]\nurl = x\n");
  CHECK(run_command({"push", "a", "x", "--config", section.name()})
            .err.find("there is no section [pusch]; did you mean [push]?") != std::string::npos);
}

TEST_CASE("a value that cannot be is wrong usage and says where it came from") {
  CHECK(run_command({"push", "a", "x", "--ttl", "3x"}).err.find("push: --ttl: \"3x\" is no time") !=
        std::string::npos);
  CHECK(run_command({"push", "a", "x"}, {.environment = {{"PISTACHIO_TTL", "3x"}}})
            .err.find("push: PISTACHIO_TTL: \"3x\" is no time") != std::string::npos);
  const TemporaryFile file("[push]\nttl = 3x\n");
  const auto result = run_command({"push", "a", "x", "--config", file.name()});
  CHECK(result.status == 2);
  CHECK(result.err.find(file.name() + " line 2, ttl: \"3x\" is no time") != std::string::npos);
}

TEST_CASE("an empty variable counts as none") {
  FakeServer server(accept_all());
  CHECK(run_command({"push", "a", "x", "--url", server.url()},
                    {.environment = {{"PISTACHIO_TTL", ""}}})
            .status == 0);
  CHECK(server.requests().at(0).query("ttl").empty());
}
