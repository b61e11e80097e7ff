#include "core/early_answer.h"

#include <sys/socket.h>

#include <charconv>
#include <string>

namespace pistachio {
namespace {

constexpr std::size_t kEnough = 64 << 10;

// "HTTP/1.1 413 Content Too Large" -> 413, 0 for anything else.
int status_of(std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return 0;
  int status = 0;
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status);
  const bool whole = error == std::errc() && end == line.data() + 12;
  return whole && (line.size() == 12 || line[12] == ' ') ? status : 0;
}

}  // namespace

std::optional<HttpAnswer> early_answer(int socket) {
  std::string bytes;
  while (bytes.size() < kEnough) {
    const std::size_t held = bytes.size();
    bytes.resize(kEnough);
    const auto got = ::recv(socket, bytes.data() + held, kEnough - held, MSG_DONTWAIT);
    bytes.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got <= 0) break;
  }
  return parse_early_answer(bytes);
}

std::optional<HttpAnswer> parse_early_answer(std::string_view bytes) {
  for (;;) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view head = bytes.substr(0, end);
    bytes.remove_prefix(end + 4);
    HttpAnswer answer;
    answer.status = status_of(head.substr(0, head.find("\r\n")));
    if (answer.status < 100 || answer.status > 599) return std::nullopt;
    if (answer.status < 200) continue;  // 100 Continue comes before the real one
    while (head.find("\r\n") != std::string_view::npos) {
      head.remove_prefix(head.find("\r\n") + 2);
      const auto line = head.substr(0, head.find("\r\n"));
      const auto colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      const auto value = line.find_first_not_of(' ', colon + 1);
      answer.fields.emplace_back(line.substr(0, colon),
                                 value == std::string_view::npos ? "" : line.substr(value));
    }
    if (!answer.field("Transfer-Encoding")) answer.body = bytes;
    return answer;
  }
}

}  // namespace pistachio
