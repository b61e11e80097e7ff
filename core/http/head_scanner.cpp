#include "core/http/head_scanner.h"

#include <cassert>
#include <string>

#include "core/http/byte_class.h"

namespace pistachio::http {
namespace {

// What somebody who speaks TLS to a plain port sends first (RFC 8446 section 5.1).
constexpr char kTlsHandshake = 0x16;

constexpr std::string_view kEmptyLine = "\r\n";

}  // namespace

tl::expected<std::optional<std::size_t>, Refusal> HeadScanner::scan(std::string_view bytes) {
  assert(bytes.size() >= scanned_);
  const std::string_view window = bytes.substr(0, kMaxHeadBytes);
  if (part_ == Part::empty_lines) {
    std::size_t start = line_start_;
    while (window.substr(start).starts_with(kEmptyLine)) start += kEmptyLine.size();
    scanned_ = line_start_ = static_cast<Offset>(start);
    const std::string_view line = window.substr(line_start_);
    if (!line.empty() && line != "\r") {
      part_ = Part::request_line;
      if (!is_token_byte(line.front())) {
        const bool tls = line.front() == kTlsHandshake;
        return refuse(400,
                      std::string("the request does not start with a method") +
                          (tls ? "; this looks like TLS, and the port speaks plain HTTP" : ""));
      }
    }
  }
  std::size_t lf = window.find('\n', scanned_);
  while (lf != std::string_view::npos) {
    const std::size_t length = lf - line_start_;
    if (length == 0 || window[lf - 1] != '\r') {
      return refuse(400, "a line of the head ends in LF alone; it must end in CR LF");
    }
    scanned_ = line_start_ = static_cast<Offset>(lf + 1);
    if (length == 1) return scanned_;
    part_ = Part::fields;
    lf = window.find('\n', scanned_);
  }
  scanned_ = static_cast<Offset>(window.size());
  if (window.size() < kMaxHeadBytes) return std::nullopt;
  const std::string limit = std::to_string(kMaxHeadBytes) + " bytes";
  if (part_ == Part::request_line) {
    return refuse(414, "the request line alone is over " + limit + "; send a shorter target");
  }
  return refuse(431, "request line and headers are together over " + limit + "; send less of them");
}

}  // namespace pistachio::http
