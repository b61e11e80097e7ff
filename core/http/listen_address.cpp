#include "core/http/listen_address.h"

#include <sys/un.h>

#include <charconv>

namespace pistachio::http {
namespace {

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return failure(Errc::bad_argument,
                 "cannot listen on '" + std::string(text) + "': " + std::string(why) +
                     "; an address is HOST:PORT, [v6]:PORT, :PORT (all addresses) or unix:/PATH");
}

}  // namespace

Expected<ListenAddress> ListenAddress::parse(std::string_view text) {
  ListenAddress address;
  if (text.starts_with("unix:")) {
    address.unix_path = text.substr(5);
    if (!address.unix_path.starts_with('/'))
      return bad(text, "the path of a unix socket starts with /");
    if (address.unix_path.size() >= sizeof(sockaddr_un::sun_path))
      return bad(text, "the path is too long for a unix socket");
    return address;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 3)
      return bad(text, "the brackets do not hold an IPv6 address");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad(text, "an IPv6 address needs brackets");
  }
  unsigned value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() || value > 65535) {
    return bad(text, "the port is not a number from 0 to 65535");
  }
  address.host = host;
  address.port = static_cast<std::uint16_t>(value);
  return address;
}

bool ListenAddress::is_loopback() const {
  return is_unix() || host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string ListenAddress::text() const {
  if (is_unix()) return "unix:" + unix_path;
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

}  // namespace pistachio::http
