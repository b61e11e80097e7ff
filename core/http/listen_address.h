#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace pistachio::http {

/// Where to listen, as --listen spells it: HOST:PORT, [v6]:PORT, :PORT (all addresses) or
/// unix:/PATH.
struct ListenAddress {
  std::string host;        ///< without brackets; empty: all addresses
  std::uint16_t port = 0;  ///< 0: any free one
  std::string unix_path;   ///< not empty: a unix socket; host and port do not count then

  /// Errc::bad_argument says what is wrong and what would be right.
  static Expected<ListenAddress> parse(std::string_view text);

  bool is_unix() const { return !unix_path.empty(); }

  /// Reached from this machine only: a unix socket, 127.0.0.0/8, ::1, localhost. A name is never
  /// resolved for this.
  bool is_loopback() const;

  /// As parse() reads it.
  std::string text() const;
};

}  // namespace pistachio::http
