#include "cli/server_log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "core/envelope.h"
#include "core/utf8.h"

namespace pistachio::cli {

ServerLog::ServerLog(const std::string& level, bool json)
    : json_(json),
      logger_(std::make_unique<spdlog::logger>("serve",
                                               std::make_shared<spdlog::sinks::stderr_sink_st>())) {
  logger_->set_level(spdlog::level::from_str(level));
  logger_->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%v})"
                            : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

ServerLog::~ServerLog() = default;

void ServerLog::info(std::string_view text) { logger_->info("{}", shown(text)); }
void ServerLog::warn(std::string_view text) { logger_->warn("{}", shown(text)); }
void ServerLog::say(Severity severity, std::string_view text) {
  switch (severity) {
    case Severity::info:
      return info(text);
    case Severity::warning:
      return warn(text);
    case Severity::error:
      return error(text);
  }
}

void ServerLog::error(std::string_view text) { logger_->error("{}", shown(text)); }

void ServerLog::ready(std::string_view text, std::ostream& err) {
  if (!json_) {
    err << "pistachio: " << text << std::endl;
    return;
  }
  const auto level = logger_->level();
  logger_->set_level(spdlog::level::info);
  info(text);
  logger_->set_level(level);
}

std::string ServerLog::shown(std::string_view text) const {
  std::string line;
  if (json_) {
    std::string utf8(text);
    if (!is_utf8(utf8)) {  // a path may be anything
      for (char& c : utf8) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
    }
    append_json_string(utf8, line);
  } else {
    line = text;
  }
  return line;
}

}  // namespace pistachio::cli
