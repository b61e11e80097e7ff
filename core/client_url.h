#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace pistachio {

/// Where a server lives, as a person types it after --url:
///
///   http://HOST[:PORT][/PATH]   https://…   http://[V6]:PORT/PATH
///   unix:/SOCKET                unix:/SOCKET:/PATH
///
/// PATH is where the endpoints live, /messages when none is given ("http://host:8080" and
/// "http://host:8080/" mean the same).
struct ClientUrl {
  /// The longest path that fits into a socket address on every system we run on.
  static constexpr std::size_t kMaxSocketPath = 103;

  bool tls = false;
  std::string host;  ///< a name or an address, IPv6 without brackets; empty for a socket file
  int port = 0;      ///< 0 for a socket file
  std::string socket_path;         ///< not empty: an AF_UNIX socket
  std::string path = "/messages";  ///< starts with "/", does not end with one

  /// Errc::bad_argument when `text` is none of the above; the message says what would be right.
  static Expected<ClientUrl> parse(std::string_view text);

  /// What the Host field says: "localhost" for a socket file, the port only where it is not the
  /// scheme's own.
  std::string host_field() const;

  /// As a person would type it, without secrets: for messages.
  std::string text() const;
};

/// Percent-encodes everything but the unreserved characters (RFC 3986 section 2.3).
std::string percent_encode(std::string_view text);
void append_percent_encoded(std::string_view text, std::string& out);

}  // namespace pistachio
