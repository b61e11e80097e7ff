#include "cli/enquiry.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

#include "cli/exit_status.h"
#include "core/endpoint_name.h"
#include "core/poll_answer.h"

namespace pistachio::cli {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

}  // namespace

Enquiry::Enquiry(std::string command, const Surroundings& surroundings)
    : command_(std::move(command)), surroundings_(surroundings) {}

std::optional<int> Enquiry::open(const ServerOptions& options) {
  const auto url = ClientUrl::parse(options.url);
  if (!url) return say(kWrongUsage, "--url: " + url.error().message);
  const auto link = link_options(options);
  if (!link) return say(kFailed, link.error().message);
  client_.emplace(*url, *link, watch_);
  return std::nullopt;
}

std::optional<int> Enquiry::check_name(const std::string& endpoint) {
  const auto name = EndpointName::parse(endpoint);
  if (!name) return say(kWrongUsage, name.error().message);
  return std::nullopt;
}

tl::expected<std::string, int> Enquiry::ask(const char* method, std::string_view below) {
  auto answered = client_->ask(method, below, Deadline::in(kPatience, now()));
  if (!answered) return tl::make_unexpected(say(kUnreachable, answered.error().message));
  if (answered->status >= 200 && answered->status <= 299) return std::move(answered->body);
  return tl::make_unexpected(
      say(answered->status == 503 ? kUnreachable : kFailed, error_text(*answered)));
}

std::optional<int> Enquiry::print(std::string_view data) {
  while (!data.empty()) {
    const auto written = ::write(surroundings_.out, data.data(), data.size());
    if (written >= 0) {
      data.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return kDone;
    } else if (errno != EINTR) {
      return say(kFailed, std::string("cannot write to standard output: ") + std::strerror(errno));
    }
  }
  return std::nullopt;
}

int Enquiry::say(int status, const std::string& line) {
  surroundings_.err << "pistachio " << command_ << ": " << line << std::endl;
  return status;
}

}  // namespace pistachio::cli
