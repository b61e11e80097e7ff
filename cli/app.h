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

/// A command and its flags, for whoever documents or completes them.
struct CommandSummary {
  std::string name;
  std::vector<std::string> flags;  ///< "--store" …
};
std::vector<CommandSummary> commands();

}  // namespace pistachio::cli
