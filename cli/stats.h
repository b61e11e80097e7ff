#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/server_options.h"
#include "cli/surroundings.h"
#include "core/clock.h"

namespace pistachio::cli {

/// What `pistachio stats` was told (CLI.md).
struct StatsOptions {
  ServerOptions server;
  std::vector<std::string> endpoints;  ///< empty: all
  std::optional<Duration> watch;       ///< repeat after this time, for ever
};

/// Shows how many messages are where: a table on a terminal, else NDJSON. Returns the exit status.
int stats(const StatsOptions& options, const Surroundings& surroundings);

}  // namespace pistachio::cli
