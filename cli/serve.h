#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"

namespace pistachio::cli {

/// What `pistachio serve` was told, after flags, environment, file and defaults were put in order
/// (CLI.md).
struct ServeOptions {
  std::string name_space;                       ///< --namespace
  std::string path = "/messages";               ///< --path
  std::vector<std::string> listen;              ///< --listen; empty: 127.0.0.1:8080
  bool open = false;                            ///< --open
  Duration timeout = std::chrono::seconds(30);  ///< --timeout
  std::string store;                            ///< --store; empty: see default_store()
  std::uint64_t max_message_size = 1u << 20;    ///< bytes
  std::uint64_t max_queued = 0;                 ///< messages per endpoint; 0: no limit
  std::uint32_t max_attempts = 0;               ///< 0: never a dead letter by itself
  Duration max_lease = std::chrono::hours(12);
  std::optional<Duration> default_ttl;
  std::uint64_t max_store_size = 0;          ///< bytes; 0: what the disk has
  std::uint64_t memory_budget = 256u << 20;  ///< bytes
  std::uint64_t max_connections = 0;         ///< 0: what the file limit allows, less a reserve
  std::vector<std::string> cors_origins;     ///< --cors-origin
  Duration drain_timeout = std::chrono::seconds(10);
  std::string log_level = "info";   ///< trace debug info warn error off
  std::string log_format = "text";  ///< text or json
};

/// Where messages rest when --store does not say: file: with systemd's STATE_DIRECTORY, else
/// XDG_STATE_HOME/pistachio, else HOME/.local/state/pistachio. Nothing when none of these variables
/// is set.
std::optional<std::string> default_store(
    const std::function<std::optional<std::string>(const std::string& name)>& environment);

/// Serves until SIGTERM or SIGINT, then drains. Returns the exit status: 0 after a clean drain, 1
/// when it could not start (one line on `err` says why), 128+N when a second signal N ended it at
/// once.
int serve(const ServeOptions& options, std::ostream& err);

}  // namespace pistachio::cli
