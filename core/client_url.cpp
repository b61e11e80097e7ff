#include "core/client_url.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace pistachio {
namespace {

constexpr std::string_view kDefaultPath = "/messages";

constexpr std::array<bool, 256> kIsUnreserved = [] {
  std::array<bool, 256> is{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-._~")) {
    is[static_cast<unsigned char>(c)] = true;
  }
  return is;
}();

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return failure(Errc::bad_argument,
                 "cannot use the address \"" + std::string(text) + "\": " + std::string(why) +
                     "; say http://HOST:PORT/messages, https://… or unix:/SOCKET:/messages");
}

// Visible ASCII only: anything else would have to be encoded, and CR or LF would end the request
// line.
bool is_clean(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7f) return false;
  }
  return true;
}

// "/" and "" mean the default; a slash at the end is dropped.
std::string path_from(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text.empty() ? kDefaultPath : text);
}

Expected<ClientUrl> parse_socket(std::string_view text, std::string_view rest) {
  ClientUrl url;
  const auto colon = rest.find(":/");
  url.socket_path = rest.substr(0, colon);
  if (!url.socket_path.starts_with('/'))
    return bad(text, "the path of the socket must be absolute");
  if (url.socket_path.size() > ClientUrl::kMaxSocketPath) {
    return bad(text, "the path of a socket has at most " +
                         std::to_string(ClientUrl::kMaxSocketPath) + " characters");
  }
  if (url.socket_path.find('\0') != std::string::npos) return bad(text, "it holds a NUL");
  if (colon != std::string_view::npos) url.path = path_from(rest.substr(colon + 1));
  if (!is_clean(url.path)) return bad(text, "its path holds a character that must be encoded");
  return url;
}

}  // namespace

Expected<ClientUrl> ClientUrl::parse(std::string_view text) {
  std::string_view rest = text;
  const auto skip = [&rest](std::string_view prefix) {
    if (!rest.starts_with(prefix)) return false;
    rest.remove_prefix(prefix.size());
    return true;
  };
  if (skip("unix:")) return parse_socket(text, rest);
  ClientUrl url;
  if (skip("https://")) {
    url.tls = true;
  } else if (!skip("http://")) {
    return bad(text, "it starts neither with http:// nor with https:// or unix:");
  }
  if (!is_clean(rest)) return bad(text, "it holds a character that must be encoded");
  if (rest.find_first_of("?#") != std::string_view::npos) return bad(text, "it has a query");

  const auto slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) url.path = path_from(rest.substr(slash));
  if (authority.find('@') != std::string_view::npos) {
    return bad(text, "it holds a user; a token goes into --token");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad(text, "a bracket is not closed");
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return bad(text, "what follows ] is no port");
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (url.host.empty()) return bad(text, "it names no host");
  url.port = url.tls ? 443 : 80;
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port < 1 ||
        url.port > 65535) {
      return bad(text, "a port is a number from 1 to 65535");
    }
  }
  return url;
}

std::string ClientUrl::host_field() const {
  if (!socket_path.empty()) return "localhost";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::string ClientUrl::text() const {
  if (!socket_path.empty()) return "unix:" + socket_path + ":" + path;
  return (tls ? "https://" : "http://") + host_field() + path;
}

void append_percent_encoded(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  while (!text.empty()) {
    const auto is_reserved = [](char c) { return !kIsUnreserved[static_cast<unsigned char>(c)]; };
    const auto* const end = std::find_if(text.begin(), text.end(), is_reserved);
    const auto length = static_cast<std::size_t>(end - text.begin());
    out.append(text, 0, length);
    text.remove_prefix(length);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
    text.remove_prefix(1);
  }
}

std::string percent_encode(std::string_view text) {
  std::string out;
  append_percent_encoded(text, out);
  return out;
}

}  // namespace pistachio
