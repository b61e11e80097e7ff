#include "core/store/redis_address.h"

#include <charconv>
#include <optional>
#include <utility>

namespace pistachio {
namespace {

constexpr std::string_view kTcp = "redis://";
constexpr std::string_view kUnix = "redis+unix://";

// The longest path that sockaddr_un holds on every system, with its NUL.
constexpr std::size_t kLongestPath = 103;

tl::unexpected<Error> bad(std::string_view what) {
  return failure(Errc::bad_argument, "cannot understand the Redis URL: " + std::string(what) +
                                         "; it is redis://[[USER]:PASSWORD@]HOST[:PORT][/DB] or "
                                         "redis+unix://[[USER]:PASSWORD@]/PATH[?db=N]");
}

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

// What stands before the last @, which a password may hold, too.
bool take_credentials(std::string_view& rest, std::string_view end_of_authority,
                      RedisAddress& address) {
  const auto at = rest.substr(0, rest.find_first_of(end_of_authority)).rfind('@');
  if (at == std::string_view::npos) return true;
  const std::string_view who = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  const auto colon = who.find(':');
  if (colon == std::string_view::npos) return false;
  auto user = percent_decoded(who.substr(0, colon));
  auto password = percent_decoded(who.substr(colon + 1));
  if (!user || !password || password->empty()) return false;
  address.user = *std::move(user);
  address.password = *std::move(password);
  return true;
}

Expected<RedisAddress> parse_unix(std::string_view rest) {
  RedisAddress address;
  if (!take_credentials(rest, "/", address)) return bad("before the @ stands USER:PASSWORD");
  if (const auto query = rest.find('?'); query != std::string_view::npos) {
    const std::string_view parameter = rest.substr(query + 1);
    const auto database =
        parameter.starts_with("db=") ? number(parameter.substr(3), 0x7fff'ffff) : std::nullopt;
    if (!database) return bad("after the ? stands db= and a number");
    address.database = *database;
    rest = rest.substr(0, query);
  }
  if (!rest.starts_with('/') || rest.size() < 2) return bad("the path of the socket starts with /");
  if (rest.size() > kLongestPath) return bad("the path of the socket is too long");
  address.path = rest;
  return address;
}

Expected<RedisAddress> parse_tcp(std::string_view rest) {
  RedisAddress address;
  if (!take_credentials(rest, "/", address)) return bad("before the @ stands USER:PASSWORD");
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    if (const std::string_view text = rest.substr(slash + 1); !text.empty()) {
      const auto database = number(text, 0x7fff'ffff);
      if (!database) return bad("the database after the / is a number");
      address.database = *database;
    }
    rest = rest.substr(0, slash);
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return bad("the ] after the IPv6 address is missing");
    address.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':') return bad("after the ] stands :PORT");
    port = rest;
  } else {
    const auto colon = rest.find(':');
    address.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon);
  }
  if (address.host.empty()) return bad("the host is missing");
  if (!port.empty()) {
    const auto value = number(port.substr(1), 0xffff);
    if (!value || *value == 0) return bad("the port is a number from 1 to 65535");
    address.port = static_cast<std::uint16_t>(*value);
  }
  return address;
}

}  // namespace

Expected<RedisAddress> RedisAddress::parse(std::string_view url) {
  if (url.starts_with(kTcp)) return parse_tcp(url.substr(kTcp.size()));
  if (url.starts_with(kUnix)) return parse_unix(url.substr(kUnix.size()));
  const auto unsupported = [](const std::string& what) {
    return failure(Errc::unsupported, what + "; name one Redis server with redis://HOST:PORT/DB");
  };
  if (url.starts_with("redis+sentinel:")) {
    return unsupported("Redis Sentinel (redis+sentinel://) is not supported yet");
  }
  if (url.starts_with("redis+cluster:")) {
    return unsupported("Redis Cluster (redis+cluster://) is not supported yet");
  }
  if (url.starts_with("rediss:")) {
    return unsupported(
        "Redis over TLS (rediss://) is not supported yet, and it would be wrong to connect without "
        "it");
  }
  return bad("it starts otherwise");
}

std::string RedisAddress::shown() const {
  const std::string at = database == 0 ? "" : std::to_string(database);
  if (!path.empty()) return "redis+unix://" + path + (at.empty() ? "" : "?db=" + at);
  const bool v6 = host.find(':') != std::string::npos;
  return "redis://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) +
         (at.empty() ? "" : "/" + at);
}

}  // namespace pistachio
