#include "core/poll_answer.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/seconds.h"

namespace pistachio {
namespace {

// What the gem of 2010 says when nothing came. Ours says it too.
constexpr std::string_view kNothingCame = "Timeout waiting for response";

std::optional<Duration> seconds(std::optional<std::string_view> text) {
  return text ? parse_seconds(*text) : std::nullopt;
}

std::string text_field(const HttpAnswer& answer, std::string_view name) {
  return std::string(answer.field(name).value_or(std::string_view()));
}

Envelope one_message(HttpAnswer& answer, std::string_view endpoint) {
  Envelope message;
  message.id = text_field(answer, "Pistachio-Id");
  message.endpoint = text_field(answer, "Pistachio-Endpoint");
  if (message.endpoint.empty()) message.endpoint = endpoint;
  if (const auto attempt = answer.field("Pistachio-Attempt")) {
    std::from_chars(attempt->data(), attempt->data() + attempt->size(), message.attempt);
  }
  message.age = seconds(answer.field("Pistachio-Age"));
  message.content_type = text_field(answer, "Content-Type");
  message.receipt = text_field(answer, "Pistachio-Receipt");
  message.lease = seconds(answer.field("Pistachio-Lease"));
  message.data = std::move(answer.body);
  return message;
}

// NDJSON. A line that cannot be read is trouble; what the others hold comes back when their leases
// end.
PollAnswer many_messages(std::string_view body, std::string_view endpoint, std::size_t wished) {
  PolledMessages polled;
  polled.messages.reserve(wished);
  while (!body.empty()) {
    const auto line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    if (line.empty()) continue;
    auto message = Envelope::parse(line);
    if (!message)
      return PollTrouble{"the server sent a line that cannot be read: " + message.error().message};
    if (message->endpoint.empty()) message->endpoint = endpoint;
    polled.messages.push_back(std::move(*message));
  }
  return polled;
}

bool is_ndjson(const HttpAnswer& answer) {
  return answer.field("Content-Type").value_or("").starts_with("application/x-ndjson");
}

// One line of what may be an HTML page or a stack trace, without control characters: it goes to a
// terminal.
std::string first_line(std::string_view text) {
  constexpr std::size_t kEnough = 200;
  std::string line;
  for (const char c : text.substr(0, kEnough)) {
    if (c == '\n' || c == '\r') break;
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return line;
}

}  // namespace

std::optional<Duration> retry_after(const HttpAnswer& answer) {
  return seconds(answer.field("Retry-After"));
}

std::string error_text(const HttpAnswer& answer) {
  std::string reason;
  const auto type = answer.field("Content-Type").value_or("");
  if (type.starts_with("application/problem+json")) {
    const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
    if (problem.is_object()) {
      for (const char* member : {"detail", "title"}) {
        const auto at = problem.find(member);
        if (at == problem.end() || !at->is_string()) continue;
        reason = first_line(at->get<std::string>());
        break;
      }
    }
  } else if (type.starts_with("text/plain")) {
    reason = first_line(answer.body);
  }
  const std::string status = "the server answered " + std::to_string(answer.status);
  return reason.empty() ? status : status + ": " + reason;
}

PollAnswer read_poll_answer(HttpAnswer answer, const PollWish& wish) {
  const std::string_view endpoint =
      wish.endpoints.size() == 1 ? std::string_view(wish.endpoints.front()) : std::string_view();
  switch (answer.status) {
    case 200: {
      // A message may itself be NDJSON: it is a list only for who asked for several.
      if (wish.max > 1 && is_ndjson(answer)) return many_messages(answer.body, endpoint, wish.max);
      PolledMessages polled;
      polled.messages.push_back(one_message(answer, endpoint));
      return polled;
    }
    case 204:
      return PollEmpty{retry_after(answer)};
    case 504:
      if (answer.field("Pistachio-Wait") || answer.body == kNothingCame) {
        return PollEmpty{retry_after(answer)};
      }
      return PollCut{};
    case 400:
      if (wish.lease && answer.body.find("lease") != std::string::npos) return PollWithoutLeases{};
      return PollRefused{error_text(answer)};
    case 401:
    case 403:
    case 404:
      return PollRefused{error_text(answer)};
    default:
      return PollTrouble{error_text(answer), retry_after(answer), answer.status == 503};
  }
}

}  // namespace pistachio
