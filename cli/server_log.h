#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "core/severity.h"

namespace spdlog {
class logger;
}

namespace pistachio::cli {

/// What `serve` says on stderr while it serves: a line per event, as text or as a JSON object
/// (--log-format), from --log-level up. Loop thread only.
class ServerLog {
 public:
  /// `level`: as --log-level takes it.
  ServerLog(const std::string& level, bool json);
  ~ServerLog();
  ServerLog(const ServerLog&) = delete;
  ServerLog& operator=(const ServerLog&) = delete;

  void say(Severity severity, std::string_view text);
  void info(std::string_view text);
  void warn(std::string_view text);
  void error(std::string_view text);

  /// The line that tells that the server can be used. It is printed at every level: scripts wait
  /// for it. `err` is stderr, where text goes without a time.
  void ready(std::string_view text, std::ostream& err);

 private:
  /// `text` as it stands in a line: in JSON what a path may hold is escaped.
  std::string shown(std::string_view text) const;

  const bool json_;
  const std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace pistachio::cli
