#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace pistachio {

/// Where a Redis is and who we are there. A value.
struct RedisAddress {
  std::string host;  ///< a name or a number; empty with `path`
  std::uint16_t port = 6379;
  std::string path;      ///< of a unix socket; empty with `host`
  std::string user;      ///< empty: the default user
  std::string password;  ///< empty: none is asked for
  unsigned database = 0;

  /// Reads redis://[[USER]:PASSWORD@]HOST[:PORT][/DB] or
  /// redis+unix://[[USER]:PASSWORD@]/PATH[?db=N]; user and password are percent-decoded.
  /// Errc::bad_argument says what is wrong, and Errc:: unsupported which of Redis' URLs are not
  /// understood. No error shows a password.
  static Expected<RedisAddress> parse(std::string_view url);

  /// For people: without user and password.
  std::string shown() const;
};

}  // namespace pistachio
