// The rules of the house that a compiler does not hold: which room may know which, and how large a
// file may grow.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace {

namespace fs = std::filesystem;

struct Source {
  std::string path;  // from the root of the repository
  std::string text;
};

std::vector<Source> sources(const std::string& folder) {
  const fs::path root = PISTACHIO_SOURCE_DIR;
  std::vector<Source> found;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    const auto extension = entry.path().extension();
    if (!entry.is_regular_file() || (extension != ".cpp" && extension != ".h")) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    found.push_back({fs::relative(entry.path(), root).generic_string(), text.str()});
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

bool includes(const Source& source, const std::string& what) {
  return source.text.find("#include \"" + what) != std::string::npos;
}

}  // namespace

TEST_CASE("no room includes one that it must not know") {
  struct Rule {
    const char* room;
    std::vector<const char*> unknown;
  };
  const std::vector<Rule> rules{
      {"core", {"cli/"}},
      {"core/http", {"core/queue", "core/store", "core/api"}},
      {"core/queue", {"core/http", "core/api"}},
      {"core/store", {"core/http", "core/queue", "core/api"}},
  };
  for (const Rule& rule : rules) {
    for (const Source& source : sources(rule.room)) {
      for (const char* unknown : rule.unknown) {
        INFO(source.path << " includes " << unknown);
        CHECK_FALSE(includes(source, unknown));
      }
    }
  }
}

TEST_CASE("no file is longer than 400 lines") {
  for (const char* folder : {"core", "cli", "tests", "bench"}) {
    for (const Source& source : sources(folder)) {
      INFO(source.path);
      CHECK(std::count(source.text.begin(), source.text.end(), '\n') <= 400);
    }
  }
}

TEST_CASE("no test sleeps") {
  for (const Source& source : sources("tests")) {
    if (source.path == "tests/house_rules_test.cpp") continue;
    for (const char* call : {"sleep_for", "sleep_until", "usleep(", " sleep("}) {
      INFO(source.path << " calls " << call);
      CHECK(source.text.find(call) == std::string::npos);
    }
  }
}

TEST_CASE("libraries that are heavy to compile stay out of the headers") {
  for (const char* folder : {"core", "cli"}) {
    for (const Source& source : sources(folder)) {
      if (!source.path.ends_with(".h")) continue;
      for (const char* library : {"<nlohmann/", "<httplib", "<CLI/", "<spdlog/", "<openssl/"}) {
        INFO(source.path << " includes " << library);
        CHECK(source.text.find(std::string("#include ") + library) == std::string::npos);
      }
    }
  }
}
