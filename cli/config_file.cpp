#include "cli/config_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace pistachio::cli {
namespace {

// Reads the text from the front, line by line; all errors name the present line.
class Reader {
 public:
  Reader(std::string_view text, const std::string& path) : rest_(text), path_(path) {}

  int line() const { return line_; }
  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  char take() {
    const char c = peek();
    if (c == '\n') ++line_;
    rest_.remove_prefix(1);
    return c;
  }

  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\r') take();
  }

  // Blanks, line ends and comments.
  void skip_empty() {
    for (skip_blanks(); peek() == '\n' || peek() == '#' || peek() == ';'; skip_blanks()) {
      if (peek() == '\n') {
        take();
      } else {
        skip_line();
      }
    }
  }

  void skip_line() {
    while (!at_end() && peek() != '\n') take();
  }

  // What follows a value or a section: nothing but a comment.
  Expected<bool> end_line() {
    skip_blanks();
    if (!at_end() && peek() != '\n' && peek() != '#' && peek() != ';') {
      return fail("something follows that does not belong here");
    }
    skip_line();
    return true;
  }

  // Up to one of `ends`, trimmed.
  std::string word(std::string_view ends) {
    std::string out;
    while (!at_end() && ends.find(peek()) == std::string_view::npos) {
      if (peek() == '#' && (out.empty() || out.back() == ' ' || out.back() == '\t')) break;
      out += take();
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == '\t' || out.back() == '\r')) {
      out.pop_back();
    }
    return out;
  }

  Expected<std::string> quoted() {
    const char quote = take();
    std::string out;
    while (peek() != quote) {
      if (at_end() || peek() == '\n') return fail("a quote is not closed");
      char c = take();
      if (quote == '"' && c == '\\') {
        if (at_end()) return fail("a quote is not closed");
        c = take();
        if (c == 'n') {
          c = '\n';
        } else if (c == 't') {
          c = '\t';
        } else if (c != '"' && c != '\\') {
          return fail("\\" + std::string(1, c) + " is no escape (\\\" \\\\ \\n \\t are)");
        }
      }
      out += c;
    }
    take();
    return out;
  }

  // A quoted or a bare value; a bare one ends where one of `ends` stands.
  Expected<std::string> value(std::string_view ends) {
    if (peek() == '"' || peek() == '\'') return quoted();
    return word(ends);
  }

  Expected<std::vector<std::string>> array() {
    std::vector<std::string> out;
    take();
    for (skip_empty(); peek() != ']'; skip_empty()) {
      if (at_end()) return fail("a list is not closed");
      auto item = value(",]\n");
      if (!item) return tl::make_unexpected(item.error());
      out.push_back(std::move(*item));
      skip_empty();
      if (peek() == ',') {
        take();
      } else if (peek() != ']') {
        return fail("a comma or ] is missing in a list");
      }
    }
    take();
    return out;
  }

  tl::unexpected<Error> fail(const std::string& why) const {
    return failure(Errc::bad_argument, path_ + " line " + std::to_string(line_) + ": " + why);
  }

 private:
  std::string_view rest_;
  const std::string& path_;
  int line_ = 1;
};

}  // namespace

Expected<ConfigFile> ConfigFile::read(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || file.bad()) {
    return failure(Errc::bad_argument, "cannot read the configuration file " + path + ": " +
                                           std::strerror(errno != 0 ? errno : EIO));
  }
  return parse(text.str(), path);
}

Expected<ConfigFile> ConfigFile::parse(std::string_view text, const std::string& path) {
  ConfigFile config;
  config.path_ = path;
  Reader reader(text, path);
  Section* section = nullptr;
  for (reader.skip_empty(); !reader.at_end(); reader.skip_empty()) {
    if (reader.peek() == '[') {
      reader.take();
      const std::string name = reader.word("]\n");
      if (reader.peek() != ']') return reader.fail("a section is not closed with ]");
      reader.take();
      section = &config.sections_[name];
      if (const auto ended = reader.end_line(); !ended) return tl::make_unexpected(ended.error());
      continue;
    }
    const int line = reader.line();
    const std::string name = reader.word("=\n");
    if (reader.peek() != '=')
      return reader.fail("\"" + name + "\" has no value; write name = value");
    reader.take();
    if (section == nullptr) {
      return reader.fail("\"" + name +
                         "\" stands before any section; put it below [serve], [push], [listen] …");
    }
    reader.skip_blanks();
    Entry entry{{}, line};
    if (reader.peek() == '[') {
      auto values = reader.array();
      if (!values) return tl::make_unexpected(values.error());
      entry.values = std::move(*values);
    } else {
      auto value = reader.value("\n");
      if (!value) return tl::make_unexpected(value.error());
      entry.values.push_back(std::move(*value));
    }
    if (const auto ended = reader.end_line(); !ended) return tl::make_unexpected(ended.error());
    if (!section->emplace(name, std::move(entry)).second) {
      return reader.fail("\"" + name + "\" is said twice");
    }
  }
  return config;
}

const ConfigFile::Entry* ConfigFile::find(std::string_view section, std::string_view name) const {
  const auto at = sections_.find(section);
  if (at == sections_.end()) return nullptr;
  const auto entry = at->second.find(name);
  return entry == at->second.end() ? nullptr : &entry->second;
}

}  // namespace pistachio::cli
