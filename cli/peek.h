#pragma once

#include <cstdint>
#include <string>

#include "cli/server_options.h"
#include "cli/surroundings.h"

namespace pistachio::cli {

/// What `pistachio peek` was told (CLI.md).
struct PeekOptions {
  ServerOptions server;
  std::string endpoint;
  std::uint64_t count = 10;
  std::string format = "raw";  ///< raw, or json: the envelope with the state of the message
  bool null = false;           ///< NUL instead of newline
};

/// The most messages that a peek may ask for.
inline constexpr std::uint64_t kMostPeeked = 1000;

/// Prints the first messages as they stand and takes none. Returns the exit status.
int peek(const PeekOptions& options, const Surroundings& surroundings);

}  // namespace pistachio::cli
