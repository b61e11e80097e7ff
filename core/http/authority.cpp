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

bool is_reg_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_reg_name_byte(text[i])) continue;
    if (text[i] != '%' || text.size() - i < 3) return false;
    if (hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) return false;
    i += 2;
  }
  return !text.empty();
}

bool is_port(std::string_view digits) {
  unsigned port = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > kMaxPort) return false;
  }
  return true;
}

// Nothing, or ":" and a port.
bool is_port_part(std::string_view text) {
  return text.empty() || (text.front() == ':' && is_port(text.substr(1)));
}

}  // namespace

bool is_host_and_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    return close != std::string_view::npos && is_ipv6_shaped(text.substr(1, close - 1)) &&
           is_port_part(text.substr(close + 1));
  }
  const std::size_t colon = std::min(text.find(':'), text.size());
  return is_reg_name(text.substr(0, colon)) && is_port_part(text.substr(colon));
}

}  // namespace pistachio::http
