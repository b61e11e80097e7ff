#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace pistachio::cli {

/// What a --config file says: INI, or the TOML that is as plain.
///
///   # a comment
///   [serve]
///   store = "redis://localhost/0"        # quoted: \" \\ \n \t are escapes; 'single': none
///   timeout = 30s                        # bare: up to the end of the line or " #"
///   listen = [":8080", "unix:/run/p"]    # several values, over several lines if need be
///   open = true
///
/// A value: what a flag with this name would be given on the command line. (CLI11 has a reader too,
/// but it cuts a quoted value at a "#".)
class ConfigFile {
 public:
  struct Entry {
    std::vector<std::string> values;
    int line = 0;  ///< from 1, for messages
  };
  /// By name, within a section.
  using Section = std::map<std::string, Entry, std::less<>>;

  ConfigFile() = default;

  /// Errc::bad_argument when the file cannot be read or does not parse; names the line.
  static Expected<ConfigFile> read(const std::string& path);
  static Expected<ConfigFile> parse(std::string_view text, const std::string& path);

  const std::string& path() const { return path_; }
  const std::map<std::string, Section, std::less<>>& sections() const { return sections_; }

  /// Null when the file does not say.
  const Entry* find(std::string_view section, std::string_view name) const;

 private:
  std::string path_;
  std::map<std::string, Section, std::less<>> sections_;
};

}  // namespace pistachio::cli
