#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "cli/server_options.h"
#include "cli/surroundings.h"
#include "core/client.h"

namespace pistachio::cli {

/// The requests of a command that neither waits nor retries: stats, peek, purge, redrive. What goes
/// wrong is said on stderr and turned into an exit status here.
class Enquiry {
 public:
  /// `command` is its name, for messages. `surroundings` must outlive it.
  Enquiry(std::string command, const Surroundings& surroundings);

  /// Makes the client. An exit status when `options` cannot be used; nothing when they can.
  std::optional<int> open(const ServerOptions& options);

  /// An exit status when `endpoint` is no name.
  std::optional<int> check_name(const std::string& endpoint);

  /// Sends `method` to `below` the path of the endpoints. The body of a 2xx answer, else an exit
  /// status.
  tl::expected<std::string, int> ask(const char* method, std::string_view below);

  /// Writes data to standard output. An exit status when that fails; a reader that has gone is not
  /// a failure but an end: kDone.
  std::optional<int> print(std::string_view data);

  /// One line for people; returns `status`.
  int say(int status, const std::string& line);

 private:
  const std::string command_;
  const Surroundings& surroundings_;
  ExchangeWatch watch_;
  std::optional<Client> client_;
};

}  // namespace pistachio::cli
