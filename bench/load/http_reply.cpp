#include "bench/load/http_reply.h"

#include <strings.h>

#include <charconv>
#include <cstdint>
#include <optional>

namespace pistachio::bench {
namespace {

constexpr std::size_t kMaxHead = 65536;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

/// `lower` has no upper case letters.
bool same(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && strncasecmp(text.data(), lower.data(), lower.size()) == 0;
}

bool begins(std::string_view text, std::string_view lower) {
  return same(text.substr(0, lower.size()), lower);
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc()) return std::nullopt;
  return value;
}

/// How the end of the body is found.
struct Framing {
  bool chunked = false;
  std::optional<std::uint64_t> length;
};

/// The few headers that matter here, told apart by their first letter before they are compared:
/// an answer has a dozen others.
void read_header(std::string_view name, std::string_view value, Framing& framing, Reply& reply) {
  switch (name.front() | 0x20) {
    case 'c':
      if (same(name, "content-length")) {
        framing.length = number(value, 10);
      } else if (same(name, "connection")) {
        if (begins(value, "close")) reply.closes = true;
        if (begins(value, "keep-alive")) reply.closes = false;
      }
      break;
    case 't':
      if (same(name, "transfer-encoding")) framing.chunked = begins(value, "chunked");
      break;
    case 'e':
      if (same(name, "etag")) reply.etag = value;
      break;
    case 'l':
      if (same(name, "last-modified")) reply.last_modified = value;
      break;
    case 'p':
      if (same(name, "pistachio-receipt")) reply.receipt = value;
      if (same(name, "pistachio-gone")) reply.gone = value;
      break;
    default:
      break;
  }
}

/// `head` has the status line and the headers, each with its line end. False when it is malformed.
bool read_head(std::string_view head, Framing& framing, Reply& reply) {
  if (head.size() < 12 || head.substr(0, 7) != "HTTP/1." || head[8] != ' ') return false;
  const auto status = number(head.substr(9, 3), 10);
  if (!status) return false;
  reply.status = static_cast<int>(*status);
  reply.closes = head[7] == '0';
  head.remove_prefix(head.find('\n') + 1);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find('\r'));
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) {
      value.remove_prefix(1);
    }
    read_header(line.substr(0, colon), value, framing, reply);
    head.remove_prefix(line.size() + kLineEnd.size());
  }
  return true;
}

/// The trailers after the last chunk: lines up to an empty one. Returns where that one ends,
/// nothing while it has not come.
std::optional<std::size_t> skip_trailers(std::string_view bytes, std::size_t at) {
  for (;;) {
    const std::size_t end = bytes.find(kLineEnd, at);
    if (end == std::string_view::npos) return std::nullopt;
    const bool empty = end == at;
    at = end + kLineEnd.size();
    if (empty) return at;
  }
}

/// From the first chunk, at `body`, on. A body that came in pieces is decoded anew with each of
/// them: answers are small here.
Parsed parse_chunked(std::string_view bytes, std::size_t body, const Reply& head,
                     std::string& content) {
  content.clear();
  std::size_t at = body;
  for (;;) {
    const std::size_t line_end = bytes.find(kLineEnd, at);
    if (line_end == std::string_view::npos) return {};
    const auto size = number(bytes.substr(at, line_end - at), 16);
    if (!size) return {.what = Parsed::What::malformed};
    at = line_end + kLineEnd.size();
    if (*size == 0) break;
    if (bytes.size() - at < *size + kLineEnd.size()) return {};
    content += bytes.substr(at, *size);
    at += *size;
    if (bytes.substr(at, kLineEnd.size()) != kLineEnd) return {.what = Parsed::What::malformed};
    at += kLineEnd.size();
  }
  const auto end = skip_trailers(bytes, at);
  if (!end) return {};
  Parsed parsed{.what = Parsed::What::reply, .size = *end, .reply = head};
  parsed.reply.body = content;
  return parsed;
}

}  // namespace

Parsed parse_http_reply(std::string_view bytes, bool at_end, std::string& scratch) {
  const std::size_t found = bytes.find(kHeadEnd);
  if (found == std::string_view::npos) {
    return {.what = bytes.size() > kMaxHead ? Parsed::What::malformed : Parsed::What::incomplete};
  }
  const std::size_t body = found + kHeadEnd.size();
  Framing framing;
  Parsed parsed{.what = Parsed::What::reply, .size = body};
  Reply& reply = parsed.reply;
  if (!read_head(bytes.substr(0, found + kLineEnd.size()), framing, reply)) {
    return {.what = Parsed::What::malformed};
  }

  if (reply.status < 200) return {.what = Parsed::What::interim, .size = body};
  if (reply.status == 204 || reply.status == 304) return parsed;
  if (framing.chunked) return parse_chunked(bytes, body, reply, scratch);
  if (framing.length) {
    parsed.size = body + *framing.length;
    if (bytes.size() < parsed.size) {
      return {.what = Parsed::What::incomplete, .size = parsed.size};
    }
    reply.body = bytes.substr(body, *framing.length);
    return parsed;
  }
  if (!at_end) return {};
  reply.closes = true;
  reply.body = bytes.substr(body);
  parsed.size = bytes.size();
  return parsed;
}

}  // namespace pistachio::bench
