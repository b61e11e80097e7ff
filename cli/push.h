#pragma once

#include <optional>
#include <string>

#include "cli/server_options.h"
#include "cli/surroundings.h"
#include "core/clock.h"

namespace pistachio::cli {

/// What `pistachio push` was told (CLI.md).
struct PushOptions {
  ServerOptions server;
  std::string endpoint;
  std::optional<std::string> message;  ///< absent or "-": standard input
  std::string file;                    ///< --file; empty: none
  bool lines = false;                  ///< each line of the input is a message
  bool ndjson = false;                 ///< each line of the input is an envelope
  std::string content_type;
  std::optional<Duration> delay;
  std::optional<Duration> ttl;
  std::string key;                                ///< --key; empty: one is made
  bool verbose = false;                           ///< print the id, or how many
  Duration retry_for = std::chrono::seconds(30);  ///< 0: one attempt
  std::string redis;       ///< --redis: no server, but its store; empty: none
  std::string name_space;  ///< --namespace, with --redis
};

/// The longest --retry-for: the server forgets an idempotency key after ten minutes.
inline constexpr Duration kLongestRetry = std::chrono::minutes(8);

/// Pushes and returns the exit status. Does not return before the server has everything, will not
/// take it or the time for retries is over.
int push(const PushOptions& options, const Surroundings& surroundings);

}  // namespace pistachio::cli
