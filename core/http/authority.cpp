#include "core/http/authority.h"

#include <algorithm>
#include <cstddef>

#include "core/http/byte_class.h"

namespace pistachio::http {
namespace {

constexpr unsigned kMaxPort = 65535;

// The longest is an IPv4-mapped address written in full.
constexpr std::size_t kMaxIpv6Length = 45;

bool is_ipv6_shaped(std::string_view text) {
  return text.size() <= kMaxIpv6Length && std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

// Nothing, or ":" and a port.
bool is_port_part(const char* at, const char* end) {
  if (at == end) return true;
  if (*at != ':') return false;
  unsigned port = 0;
  while (++at != end) {
    if (!is_digit(*at)) return false;
    port = port * 10 + static_cast<unsigned>(*at - '0');
    if (port > kMaxPort) return false;
  }
  return true;
}

// The end of the registered name that starts `at`: of its bytes and whole escapes.
const char* end_of_reg_name(const char* at, const char* end) {
  while (at != end) {
    if (is_reg_name_byte(*at)) {
      ++at;
    } else if (*at == '%' && end - at >= 3 && hex_value(at[1]) >= 0 && hex_value(at[2]) >= 0) {
      at += 3;
    } else {
      break;
    }
  }
  return at;
}

}  // namespace

// Every request of HTTP/1.1 has one: each of its bytes is looked at once.
bool is_host_and_port(std::string_view text) {
  const char* const end = text.data() + text.size();
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    return close != std::string_view::npos && is_ipv6_shaped(text.substr(1, close - 1)) &&
           is_port_part(text.data() + close + 1, end);
  }
  const char* const name_end = end_of_reg_name(text.data(), end);
  return name_end != text.data() && is_port_part(name_end, end);
}

}  // namespace pistachio::http
