#include "bench/floor/request.h"

#include <strings.h>

#include <cstdlib>

namespace pistachio::bench {
namespace {

constexpr std::size_t kMaxHead = 16384;
constexpr std::size_t kMaxBody = std::size_t{64} << 20;
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::string_view kVersion = " HTTP/1.";

bool same(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && strncasecmp(text.data(), lower.data(), lower.size()) == 0;
}

bool read_request_line(std::string_view line, Request& request) {
  const std::size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos) return false;
  const std::size_t target_end = line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) return false;
  const std::string_view version = line.substr(target_end);
  if (version.size() != kVersion.size() + 1 || version.substr(0, kVersion.size()) != kVersion) {
    return false;
  }
  request.method = line.substr(0, method_end);
  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  request.path = target.substr(0, target.find('?'));
  request.closes = version.back() == '0';
  return true;
}

void read_header(std::string_view name, std::string_view value, std::size_t& body_size,
                 Request& request) {
  if (same(name, "content-length")) {
    body_size = std::strtoul(value.data(), nullptr, 10);
  } else if (same(name, "connection")) {
    if (same(value.substr(0, 5), "close")) request.closes = true;
    if (same(value.substr(0, 10), "keep-alive")) request.closes = false;
  } else if (same(name, "transfer-encoding")) {
    request.unknown_coding = true;
  }
}

}  // namespace

Reading read_request(std::string_view bytes, Request& request) {
  const std::size_t found = bytes.find(kHeadEnd);
  if (found == std::string_view::npos) {
    return bytes.size() > kMaxHead ? Reading::malformed : Reading::incomplete;
  }
  const std::size_t head_size = found + kHeadEnd.size();
  std::string_view head = bytes.substr(0, found + 2);  // each line with its end
  std::string_view line = head.substr(0, head.find('\r'));
  if (!read_request_line(line, request)) return Reading::malformed;

  std::size_t body_size = 0;
  for (head.remove_prefix(line.size() + 2); !head.empty(); head.remove_prefix(line.size() + 2)) {
    line = head.substr(0, head.find('\r'));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Reading::malformed;
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    read_header(line.substr(0, colon), value, body_size, request);
  }
  if (body_size > kMaxBody) return Reading::malformed;
  request.size = request.unknown_coding ? bytes.size() : head_size + body_size;
  if (bytes.size() < request.size) return Reading::incomplete;
  request.body = bytes.substr(head_size, request.size - head_size);
  return Reading::whole;
}

}  // namespace pistachio::bench
