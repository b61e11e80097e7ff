#include "bench/load/beanstalk_reply.h"

#include <charconv>
#include <cstdint>

namespace pistachio::bench {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool begins(std::string_view text, std::string_view word) {
  return text.substr(0, word.size()) == word;
}

/// `RESERVED <id> <bytes>`, then the message.
Parsed parse_reserved(std::string_view bytes, std::string_view line) {
  std::uint64_t job = 0;
  std::size_t length = 0;
  const char* const end = line.data() + line.size();
  const auto after_job = std::from_chars(line.data() + sizeof("RESERVED"), end, job);
  if (after_job.ec != std::errc() || after_job.ptr == end) {
    return {.what = Parsed::What::malformed};
  }
  if (std::from_chars(after_job.ptr + 1, end, length).ec != std::errc()) {
    return {.what = Parsed::What::malformed};
  }
  const std::size_t body = line.size() + kLineEnd.size();
  if (bytes.size() < body + length + kLineEnd.size()) return {};
  return {.what = Parsed::What::reply,
          .size = body + length + kLineEnd.size(),
          .reply = {.status = 200, .body = bytes.substr(body, length), .job = job}};
}

}  // namespace

Parsed parse_beanstalk_reply(std::string_view bytes) {
  const std::size_t line_end = bytes.find(kLineEnd);
  if (line_end == std::string_view::npos) return {};
  const std::string_view line = bytes.substr(0, line_end);
  const std::size_t next = line_end + kLineEnd.size();
  if (begins(line, "WATCHING") || begins(line, "USING") || begins(line, "DELETED")) {
    return {.what = Parsed::What::interim, .size = next};
  }
  Parsed parsed{.what = Parsed::What::reply, .size = next};
  if (begins(line, "INSERTED")) {
    parsed.reply.status = 200;
  } else if (begins(line, "TIMED_OUT") || begins(line, "DEADLINE_SOON")) {
    parsed.reply.status = 504;
    parsed.reply.nothing = true;
  } else if (begins(line, "RESERVED ")) {
    return parse_reserved(bytes, line);
  } else {
    parsed.reply.status = 500;
    parsed.reply.error = true;
  }
  return parsed;
}

}  // namespace pistachio::bench
