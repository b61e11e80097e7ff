// Man pages, completions, --help and README say what the command line has: all of it, and nothing
// else. What they are held to is the tree of CLI11 itself (cli::commands).

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/help.h"
#include "tests/support/catch.h"

using namespace pistachio;

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;
using Flags = std::map<std::string, cli::FlagSummary>;  // by name

std::string read(const std::string& path) {
  std::ifstream file(fs::path(PISTACHIO_SOURCE_DIR) / path);
  INFO(path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// What the first group of `pattern` matches, wherever it does.
Names all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  Names found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

// --word, but not the --- of a drawing, nor what follows a word.
Names flags_in(const std::string& text) {
  return all_matches(text, "(?:^|[^-a-zA-Z0-9])(--[a-z][a-z-]*)");
}

/// From `from` up to `to`, both left out. The test fails when either is missing.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const auto begin = text.find(from);
  INFO("from " << from << " to " << to);
  REQUIRE(begin != std::string::npos);
  const auto end = text.find(to, begin + from.size());
  REQUIRE(end != std::string::npos);
  return text.substr(begin + from.size(), end - begin - from.size());
}

Flags flags_of(const cli::CommandSummary& command) {
  Flags flags;
  for (const auto& flag : command.flags) flags.emplace(flag.name, flag);
  return flags;
}

Names names_of(const Flags& flags) {
  Names names;
  for (const auto& [name, flag] : flags) names.insert(name);
  return names;
}

Names command_names() {
  Names names;
  for (const auto& command : cli::commands()) names.insert(command.name);
  names.erase("");
  return names;
}

Names all_flags() {
  Names names;
  for (const auto& command : cli::commands()) names.merge(names_of(flags_of(command)));
  return names;
}

// --max-queued -> PISTACHIO_MAX_QUEUED
std::string variable_of(const std::string& flag) {
  std::string name = "PISTACHIO_";
  for (const char c : flag.substr(2)) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

Names all_variables() {
  // What listen --exec sets, and what shows how the names are made.
  Names names = {"PISTACHIO_MESSAGE_ID",      "PISTACHIO_MESSAGE_ENDPOINT",
                 "PISTACHIO_MESSAGE_ATTEMPT", "PISTACHIO_MESSAGE_CONTENT_TYPE",
                 "PISTACHIO_MESSAGE_",        "PISTACHIO_SOME_NAME"};
  for (const auto& flag : all_flags()) names.insert(variable_of(flag));
  return names;
}

Names without(Names names, const Names& others) {
  for (const auto& name : others) names.erase(name);
  return names;
}

std::string page_name(const cli::CommandSummary& command) {
  return command.name.empty() ? "man/pistachio.1" : "man/pistachio-" + command.name + ".1";
}

/// The items of a man page that are flags: "--count" -> the lines from its .It to the next.
std::map<std::string, std::string> flag_items(const std::string& page) {
  std::map<std::string, std::string> items;
  std::string name;
  for (const auto& line : lines_of(page)) {
    if (line.starts_with(".It Fl ")) {
      const auto names = all_matches(line, "Fl -([a-z][a-z-]*)");
      REQUIRE(names.size() == 1);
      name = "--" + *names.begin();
      items[name] = line + "\n";
    } else if (!name.empty()) {
      if (line.starts_with(".El") && items[name].find("-compact") == std::string::npos)
        name.clear();
      if (!name.empty()) items[name] += line + "\n";
    }
  }
  return items;
}

/// What is printed as it is to be typed: the words after .Cm.
Names literals_in(const std::string& item) {
  Names words;
  for (const auto& line : lines_of(item)) {
    const auto at = line.find("Cm ");
    if (at != std::string::npos) words.merge(all_matches(line.substr(at + 3), "([a-z]+)"));
  }
  return words;
}

/// The flags of each command as a completion has them, from its text; the value is the text that
/// offers them.
using Offered = std::map<std::string, std::string>;

Offered offered_by_bash() {
  const std::string text = read("completions/pistachio.bash");
  const std::string server = between(text, "server=\"", "\"");
  Offered offered;
  offered[""] = between(text, "\n    :-*)", ";;");
  for (const auto& command : command_names()) {
    const std::string start = "\n    " + command + (command == "serve" ? ":*)" : ":-*)");
    std::string block = between(text, start, ";;");
    if (block.find("$server") != std::string::npos) block += " " + server;
    offered[command] = block;
  }
  return offered;
}

Offered offered_by_zsh() {
  const std::string text = read("completions/_pistachio");
  const std::string server = between(text, "server=(\n", ")\n  commands=");
  Offered offered;
  offered[""] = between(text, "_arguments -C -A '-*'", "&& return");
  for (const auto& command : command_names()) {
    std::string block = between(text, "\n    " + command + ") _arguments", ";;");
    if (block.find("$server") != std::string::npos) block += " " + server;
    offered[command] = block;
  }
  return offered;
}

Offered offered_by_fish() {
  Offered offered;
  Names commands;
  const Names all = command_names();
  for (const auto& line : lines_of(read("completions/pistachio.fish"))) {
    if (line.starts_with("set -l add")) {
      commands = all_matches(line, "[ ']([a-z]+)(?=[ '])");
      const bool before_command = line.find("= 0") != std::string::npos;
      commands = before_command ? Names{""} : without(commands, without(commands, all));
    }
    if (!line.starts_with("$add ") && !line.starts_with("complete ")) continue;
    const auto names = all_matches(line, " -l ([a-z-]+)");
    if (names.empty()) continue;
    const bool everywhere = line.starts_with("complete ");
    for (const auto& command : cli::commands()) {
      if (!everywhere && commands.count(command.name) == 0) continue;
      offered[command.name] += "--" + *names.begin() + " " + line + "\n";
    }
  }
  return offered;
}

}  // namespace

TEST_CASE("the man page of a command has all of its flags and no other") {
  for (const auto& command : cli::commands()) {
    INFO(page_name(command));
    const auto items = flag_items(read(page_name(command)));
    const auto flags = flags_of(command);
    Names described;
    for (const auto& [name, item] : items) described.insert(name);
    CHECK(described == names_of(flags));
    for (const auto& [name, flag] : flags) {
      INFO(name);
      const std::string item = items.count(name) == 0 ? "" : items.at(name);
      const std::string first_line = item.substr(0, item.find('\n'));
      const auto shorts = all_matches(first_line, "Fl ([a-zA-Z0-9])(?= )");
      CHECK(shorts == (flag.short_name.empty() ? Names{} : Names{flag.short_name.substr(1)}));
      CHECK((first_line.find(" Ar ") != std::string::npos) == flag.takes_value);
      for (const auto& choice : flag.choices) {
        INFO(choice);
        CHECK(literals_in(item).count(choice) == 1);
      }
    }
  }
}

TEST_CASE("the man page of a command has the variables of its flags and no other") {
  for (const auto& command : cli::commands()) {
    INFO(page_name(command));
    const std::string page = read(page_name(command));
    for (const auto& [name, item] : flag_items(page)) {
      INFO(name);
      const auto flags = flags_of(command);
      REQUIRE(flags.count(name) == 1);
      CHECK(all_matches(item, "\\.Pq Ev (PISTACHIO_[A-Z_]+)") ==
            (flags.at(name).has_variable ? Names{variable_of(name)} : Names{}));
    }
    CHECK(without(all_matches(page, "(PISTACHIO_[A-Z_]+)"), all_variables()).empty());
  }
}

TEST_CASE("the man pages mention no flag that no command has") {
  for (const auto& entry : fs::directory_iterator(fs::path(PISTACHIO_SOURCE_DIR) / "man")) {
    const std::string path = "man/" + entry.path().filename().string();
    INFO(path);
    for (const auto& line : lines_of(read(path))) {
      if (line.find("curl ") != std::string::npos) continue;
      Names mentioned = flags_in(line);
      for (const auto& name : all_matches(line, "Fl -([a-z][a-z-]*)"))
        mentioned.insert("--" + name);
      mentioned.erase("--some-name");
      CHECK(without(mentioned, all_flags()).empty());
    }
  }
}

TEST_CASE("every command has a man page, and pistachio(1) lists them all and no other") {
  const Names commands = command_names();
  CHECK(all_matches(read("man/pistachio.1"), "\n\\.It Cm ([a-z]+)") == commands);
  Names pages = {"pistachio.1", "pistachio.7"};
  for (const auto& command : commands) pages.insert("pistachio-" + command + ".1");
  Names found;
  for (const auto& entry : fs::directory_iterator(fs::path(PISTACHIO_SOURCE_DIR) / "man")) {
    found.insert(entry.path().filename().string());
  }
  CHECK(found == pages);
}

TEST_CASE("what --help says of a default the man page says too") {
  for (const auto& command : cli::commands()) {
    const auto items = flag_items(read(page_name(command)));
    const auto flags = flags_of(command);
    const std::string help(cli::help_of(command.name));
    const std::regex regex("(--[a-z][a-z-]*) [^-\\[]*(?:-[^-\\[]+)*\\[([^\\]]+)\\]");
    for (std::sregex_iterator at(help.begin(), help.end(), regex), end; at != end; ++at) {
      const std::string flag = (*at)[1];
      if (flags.count(flag) == 0) continue;  // of another command, in an example
      std::string value = (*at)[2];
      value.resize(std::min(value.find_first_of(" ;"), value.size()));
      if (value.ends_with(':') && value != "memory:") value.pop_back();
      // "none", "no limit", "the server's default": the page says it in its own words.
      if (!value.starts_with("memory:") &&
          value.find_first_of("0123456789/") == std::string::npos &&
          flags.at(flag).choices.empty()) {
        continue;
      }
      INFO(command.name << " " << flag << " " << value);
      CHECK(items.at(flag).find(value) != std::string::npos);
    }
  }
}

TEST_CASE("--help mentions no flag that the command lacks") {
  for (const auto& command : cli::commands()) {
    INFO(command.name);
    std::string help(cli::help_of(command.name));
    if (command.name.empty()) help.resize(help.find("Examples:"));  // of the commands
    Names mentioned = flags_in(help);
    mentioned.erase("--some-name");
    if (command.name == "push") mentioned.erase("--format");  // of listen
    CHECK(without(mentioned, names_of(flags_of(command))).empty());
  }
}

TEST_CASE("the completions offer all flags of a command and no other") {
  for (const auto& [shell, offered] : std::map<std::string, Offered>{
           {"bash", offered_by_bash()}, {"zsh", offered_by_zsh()}, {"fish", offered_by_fish()}}) {
    for (const auto& command : cli::commands()) {
      INFO(shell << ": " << command.name);
      REQUIRE(offered.count(command.name) == 1);
      CHECK(flags_in(offered.at(command.name)) == names_of(flags_of(command)));
    }
  }
}

TEST_CASE("the completions know which flags take a value, which values, and the short names") {
  const Offered zsh = offered_by_zsh();
  const Offered fish = offered_by_fish();
  const std::string bash = read("completions/pistachio.bash");
  Names alone;
  Names choices;
  for (const auto& command : cli::commands()) {
    for (const auto& flag : command.flags) {
      INFO(command.name << " " << flag.name);
      if (!flag.takes_value) alone.insert(flag.name);
      const std::string& in_zsh = zsh.at(command.name);
      CHECK((in_zsh.find(flag.name + "=") != std::string::npos) == flag.takes_value);
      std::string in_fish = fish.at(command.name);
      in_fish = in_fish.substr(in_fish.find(flag.name + " "));
      in_fish.resize(in_fish.find('\n'));
      CHECK(std::regex_search(in_fish, std::regex(" -(x|rF) ")) == flag.takes_value);
      if (!flag.short_name.empty()) {
        CHECK(std::regex_search(
            in_zsh, std::regex("\\{" + flag.short_name + "\\+?," + flag.name + "=?\\}")));
        CHECK(in_fish.find("-s " + flag.short_name.substr(1) + " ") != std::string::npos);
      }
      if (flag.choices.empty()) continue;
      choices.insert(flag.name);
      std::string list;
      for (const auto& choice : flag.choices) list += (list.empty() ? "" : " ") + choice;
      CHECK(bash.find(flag.name + ") COMPREPLY=($(compgen -W \"" + list + "\"") !=
            std::string::npos);
      CHECK(in_zsh.find("(" + list + ")") != std::string::npos);
      CHECK(in_fish.find("'" + list + "'") != std::string::npos);
    }
  }
  CHECK(choices == Names{"--format", "--log-format", "--log-level"});
  CHECK(flags_in(between(bash, "--*=*) ;;", ";;")) == alone);
  CHECK(flags_in(between(read("completions/pistachio.fish"), "switch $word", "'--*=*'")) == alone);
}

TEST_CASE("the completions offer every command and no other") {
  const Names commands = command_names();
  CHECK(all_matches(
            between(read("completions/pistachio.bash"), "\n    :*) COMPREPLY=($(compgen -W", "--"),
            "([a-z]+)") == commands);
  CHECK(all_matches(between(read("completions/_pistachio"), "commands=(", ")"), "'([a-z]+):") ==
        commands);
  CHECK(all_matches(read("completions/pistachio.fish"), "\\$add -a ([a-z]+)") == commands);
}

TEST_CASE("README mentions no command, flag or variable that there is not") {
  for (const auto& line : lines_of(read("README.md"))) {
    INFO(line);
    // What else has flags here.
    if (line.find("cmake ") == std::string::npos && line.find("systemctl ") == std::string::npos) {
      CHECK(without(flags_in(line), all_flags()).empty());
    }
    CHECK(without(all_matches(line, "(PISTACHIO_[A-Z_]+)"), all_variables()).empty());
    CHECK(
        without(all_matches(line, "(?:^|[|$`] *|  +)pistachio ([a-z]+)"), command_names()).empty());
  }
}
