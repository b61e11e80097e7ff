#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/config_file.h"
#include "core/clock.h"
#include "core/error.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace pistachio::cli {

/// The flags of one command and where each value goes. CLI11 reads the command line; this table
/// adds the rest: for each flag --some-name the environment variable PISTACHIO_SOME_NAME (a list of
/// values is separated by commas there) and the line some-name in the command's section of the
/// configuration file. Order of strength: flag, environment (an empty variable counts as none),
/// file, what the variable holds already.
///
///   FlagTable flags(app, "push");
///   flags.add("--ttl", options.ttl);       // declare all …
///   … CLI11 parses …
///   flags.apply(environment, file);        // … and fill them in
///
/// The variables must outlive the table.
class FlagTable {
 public:
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;

  /// `command` is the CLI11 command of that name; it must outlive the table.
  FlagTable(CLI::App& command, std::string name);
  ~FlagTable();
  FlagTable(FlagTable&&) noexcept;

  /// `names` as CLI11 takes them: "-n,--count". One of them is long.
  void add(const std::string& names, std::string& value);
  void add(const std::string& names, std::optional<std::string>& value);
  void add(const std::string& names, std::vector<std::string>& values);  ///< repeatable
  void add(const std::string& names, bool& value);
  void add(const std::string& names, Duration& value);
  void add(const std::string& names, std::optional<Duration>& value);
  void add_size(const std::string& names, std::uint64_t& bytes);
  void add_count(const std::string& names, std::uint64_t& value, std::uint64_t least,
                 std::uint64_t most);
  void add_choice(const std::string& names, std::string& value, std::vector<std::string> choices);
  /// Any other type: `set` says what is wrong with a value, or nothing.
  void add(const std::string& names,
           std::function<std::optional<std::string>(const std::string& text)> set);

  /// Fills in the variables. Errc::bad_argument: a value cannot be; the message names where it came
  /// from.
  Expected<bool> apply(const Environment& environment, const ConfigFile& file) const;

  const std::string& command() const { return name_; }

  /// "--count", … in the order of their declaration.
  std::vector<std::string> long_names() const;

 private:
  enum class Kind { one, several, flag };
  struct Flag;
  void add(const std::string& names, Kind kind,
           std::function<std::optional<std::string>(const std::vector<std::string>&)> set);

  CLI::App& app_;
  std::string name_;
  std::vector<Flag> flags_;
};

}  // namespace pistachio::cli
