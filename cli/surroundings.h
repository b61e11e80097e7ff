#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

namespace pistachio::cli {

/// What a command meets outside of it. Handed in, so that a test brings pipes and an environment of
/// its own and runs the command in its own process.
struct Surroundings {
  int in;             ///< where input comes from
  int out;            ///< where data goes, and nothing else
  std::ostream& err;  ///< where all else goes
  bool err_is_terminal;
  /// A variable of the environment; nothing when it is not set.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  /// Each byte read from it is the number of a signal that came. −1: the command catches signals
  /// itself.
  int signals = -1;
};

}  // namespace pistachio::cli
