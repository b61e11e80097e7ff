#include "core/http/query.h"

#include <algorithm>
#include <cstddef>

#include "core/http/byte_class.h"
#include "core/http/refusal.h"

namespace pistachio::http {
namespace {

// Writes `text`, decoded, to `to`, where there is room for it; returns the end, or null when an
// escape is malformed.
char* decode_to(char* to, std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      *to++ = text[at];
      continue;
    }
    if (text.size() - at < 3) return nullptr;
    const int high = hex_value(text[at + 1]);
    const int low = hex_value(text[at + 2]);
    if (high < 0 || low < 0) return nullptr;
    *to++ = static_cast<char>(high << 4 | low);
    at += 2;
  }
  return to;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out(text.size(), '\0');
  const char* const end = decode_to(out.data(), text);
  if (end == nullptr) return std::nullopt;
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

bool QueryReader::next() {
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find('&'), rest_.size());
    const std::string_view part = rest_.substr(0, end);
    const std::size_t equals = std::min(part.find('='), part.size());
    name_ = part.substr(0, equals);
    value_ = part.substr(std::min(equals + 1, part.size()));
    if (part.find('%') != std::string_view::npos && !(decode(name_) && decode(value_))) {
      error_ = "malformed percent escape in query parameter " + quoted(part) +
               "; % is followed by two hexadecimal digits, and is itself %25";
      return false;
    }
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!part.empty()) return true;
  }
  return false;
}

bool QueryReader::decode(std::string_view& text) {
  if (!decoded_) {
    // This part and all that follow fit, decoded or not: earlier views never move.
    decoded_ = std::make_unique<char[]>(rest_.size());
    decoded_end_ = decoded_.get();
  }
  char* const start = decoded_end_;
  char* const end = decode_to(start, text);
  if (end == nullptr) return false;
  decoded_end_ = end;
  text = {start, static_cast<std::size_t>(end - start)};
  return true;
}

}  // namespace pistachio::http
