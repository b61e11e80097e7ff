#pragma once

#include <string_view>

namespace pistachio::http {

/// True for `host[:port]` as RFC 3986 section 3.2 spells it: a registered name or IPv4 address, or
/// an IPv6 address in brackets (its characters are looked at, not its arithmetic), then perhaps a
/// colon and a port up to 65535, whose digits may be missing. The host must not be empty; userinfo,
/// zone ids and IPvFuture are not taken.
bool is_host_and_port(std::string_view text);

}  // namespace pistachio::http
