#pragma once

#include <string>
#include <vector>

#include "cli/surroundings.h"

namespace pistachio::cli {

/// The whole command line: parses, runs the command, returns the exit status (exit_status.h has the
/// table). Standard streams, environment and signals are the process'.
int run_app(int argc, const char* const* argv);

/// The same with everything handed in. `arguments` are without the program's name.
int run_app(const std::vector<std::string>& arguments, const Surroundings& surroundings);

/// A flag, for whoever documents or completes it.
struct FlagSummary {
  std::string name;                  ///< "--count"
  std::string short_name;            ///< "-n"; empty: none
  bool takes_value = false;          ///< else its presence is all there is
  bool has_variable = false;         ///< PISTACHIO_COUNT in the environment says the same
  std::vector<std::string> choices;  ///< all values that it takes; empty: there is no such list
};

/// A command and its flags, as the tree of CLI11 has them.
struct CommandSummary {
  std::string name;  ///< "push"; empty: the program itself, before any command
  std::vector<FlagSummary> flags;
};

/// The program itself, then every command in the order of the help.
std::vector<CommandSummary> commands();

}  // namespace pistachio::cli
