#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/server_options.h"
#include "cli/surroundings.h"
#include "core/backoff.h"
#include "core/clock.h"

namespace pistachio::cli {

/// The most messages that a poll under a lease may ask for.
inline constexpr std::uint64_t kMostLeased = 200;

/// Each job has a thread, a connection and a parked poll.
inline constexpr std::uint64_t kMostJobs = 1000;

/// What `pistachio listen` was told (CLI.md).
struct ListenOptions {
  ServerOptions server;
  std::vector<std::string> endpoints;
  std::uint64_t count = 0;  ///< end after so many messages; 0: no end
  bool once = false;
  bool drain = false;
  Duration lease = std::chrono::seconds(30);
  std::uint64_t batch = 1;       ///< prefetch so many
  std::optional<Duration> wait;  ///< absent: 30 s; with `drain` 0
  std::string format = "raw";    ///< raw or json
  bool null = false;             ///< NUL instead of newline
  Backoff backoff;
  std::string exec;                   ///< run for each message instead of printing it; empty: print
  std::uint64_t jobs = 1;             ///< so many commands at once
  std::optional<Duration> retry_for;  ///< absent: for ever
};

/// Listens until it is told to stop, nobody reads any more, or what was asked for is done. Returns
/// the exit status.
int listen(const ListenOptions& options, const Surroundings& surroundings);

}  // namespace pistachio::cli
