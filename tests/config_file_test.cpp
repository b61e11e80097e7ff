#include "cli/config_file.h"

#include "tests/support/catch.h"

using pistachio::cli::ConfigFile;

namespace {

std::vector<std::string> values(const ConfigFile& file, const char* section, const char* name) {
  const auto* entry = file.find(section, name);
  return entry == nullptr ? std::vector<std::string>{"(absent)"} : entry->values;
}

}  // namespace

TEST_CASE("a configuration file is sections of names and values, quoted or bare") {
  const auto file = ConfigFile::parse(R"(# a comment
; another
[serve]
store = "redis://:p#ss@host/0"   # and one behind a value
timeout=30s
path = '/q\n'
exec = ./handle --fast # comment
open = true
empty = ""

[push]
content-type = "a \"quoted\" \\ \n word"
)",
                                      "f")
                        .value();
  CHECK(values(file, "serve", "store") == std::vector<std::string>{"redis://:p#ss@host/0"});
  CHECK(values(file, "serve", "timeout") == std::vector<std::string>{"30s"});
  CHECK(values(file, "serve", "path") == std::vector<std::string>{"/q\\n"});
  CHECK(values(file, "serve", "exec") == std::vector<std::string>{"./handle --fast"});
  CHECK(values(file, "serve", "open") == std::vector<std::string>{"true"});
  CHECK(values(file, "serve", "empty") == std::vector<std::string>{""});
  CHECK(values(file, "push", "content-type") ==
        std::vector<std::string>{"a \"quoted\" \\ \n word"});
  CHECK(file.find("push", "store") == nullptr);
  CHECK(file.find("listen", "store") == nullptr);
  CHECK(file.find("serve", "timeout")->line == 5);
}

TEST_CASE("a list holds several values, over several lines if need be") {
  const auto file = ConfigFile::parse(
                        "[serve]\nlisten = [\":8080\", 'unix:/a,b', bare]\r\n"
                        "cors-origin = [\n  \"a\",  # why\n  \"b\",\n]\nnone = []\n",
                        "f")
                        .value();
  CHECK(values(file, "serve", "listen") == std::vector<std::string>{":8080", "unix:/a,b", "bare"});
  CHECK(values(file, "serve", "cors-origin") == std::vector<std::string>{"a", "b"});
  CHECK(values(file, "serve", "none").empty());
}

TEST_CASE("a file that does not parse is refused and the line is named") {
  for (const char* text :
       {"[serve]\n\nx = \"open\n", "[serve]\n\nx\n", "[serve\n\nx = 1", "\n\nx = 1\n",
        "[serve]\n\nx = [1\n", "[serve]\n\nx = \"a\" b\n", "[serve]\nx = 1\nx = 2\n",
        "[serve]\n\nx = \"\\q\"\n", "[serve]\n\nx = [1 2\n3]"}) {
    INFO(text);
    const auto file = ConfigFile::parse(text, "my.toml");
    REQUIRE_FALSE(file.has_value());
    CHECK(file.error().message.starts_with("my.toml line "));
  }
}

TEST_CASE("a file that cannot be read is refused with the reason") {
  const auto file = ConfigFile::read("/no/such/file");
  REQUIRE_FALSE(file.has_value());
  CHECK(file.error().message ==
        "cannot read the configuration file /no/such/file: No such file or directory");
}
