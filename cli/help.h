#pragma once

#include <string_view>

namespace pistachio::cli {

/// What `pistachio COMMAND --help` prints; an empty name: `pistachio --help`. Each fits a terminal
/// of 24 lines of 80 characters, shows the defaults and ends with examples.
std::string_view help_of(std::string_view command);

}  // namespace pistachio::cli
