#include "bench/load/redis_reply.h"

#include <charconv>
#include <cstdint>

namespace pistachio::bench {
namespace {

constexpr int kMaxDepth = 8;
constexpr std::string_view kLineEnd = "\r\n";

Parsed parse_value(std::string_view bytes, int depth);

Parsed done(std::size_t size, const Reply& reply) {
  return {.what = Parsed::What::reply, .size = size, .reply = reply};
}

Parsed parse_string(std::string_view bytes, std::size_t at, std::int64_t length) {
  if (length < 0) return done(at, {.status = 200, .nothing = true});
  const auto size = static_cast<std::size_t>(length);
  if (bytes.size() < at + size + kLineEnd.size()) return {};
  return done(at + size + kLineEnd.size(), {.status = 200, .body = bytes.substr(at, size)});
}

Parsed parse_array(std::string_view bytes, std::size_t at, std::int64_t count, int depth) {
  Reply whole{.status = 200, .nothing = count < 0};
  for (std::int64_t i = 0; i < count; ++i) {
    const Parsed element = parse_value(bytes.substr(at), depth + 1);
    if (element.what != Parsed::What::reply) return {.what = element.what};
    at += element.size;
    whole.error = whole.error || element.reply.error;
    if (!element.reply.body.empty()) whole.body = element.reply.body;
  }
  return done(at, whole);
}

Parsed parse_value(std::string_view bytes, int depth) {
  const std::size_t line_end = bytes.find(kLineEnd);
  if (line_end == std::string_view::npos) return {};
  if (depth > kMaxDepth || line_end == 0) return {.what = Parsed::What::malformed};
  const std::size_t next = line_end + kLineEnd.size();
  std::int64_t number = 0;
  std::from_chars(bytes.data() + 1, bytes.data() + line_end, number);
  switch (bytes.front()) {
    case '+':
    case ':':
      return done(next, {.status = 200});
    case '-':
      return done(next, {.status = 500, .error = true});
    case '_':
      return done(next, {.status = 200, .nothing = true});
    case '$':
      return parse_string(bytes, next, number);
    case '*':
      return parse_array(bytes, next, number, depth);
    default:
      return {.what = Parsed::What::malformed};
  }
}

}  // namespace

Parsed parse_redis_reply(std::string_view bytes) { return parse_value(bytes, 0); }

}  // namespace pistachio::bench
