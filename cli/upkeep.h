#pragma once

#include <string>

#include "cli/server_options.h"
#include "cli/surroundings.h"

namespace pistachio::cli {

// What is done to an endpoint as a whole.

/// What `pistachio purge` was told (CLI.md).
struct PurgeOptions {
  ServerOptions server;
  std::string endpoint;
  std::string id;    ///< only this message; empty: all that are queued or delayed
  bool yes = false;  ///< do not ask
};

/// Removes messages; asks first where a person sits at the terminal. Returns the exit status.
int purge(const PurgeOptions& options, const Surroundings& surroundings);

/// What `pistachio redrive` was told (CLI.md).
struct RedriveOptions {
  ServerOptions server;
  std::string endpoint;  ///< the one that gets its dead letters back, or their own name
};

/// Moves the dead letters of an endpoint back into it. Returns the exit status.
int redrive(const RedriveOptions& options, const Surroundings& surroundings);

}  // namespace pistachio::cli
