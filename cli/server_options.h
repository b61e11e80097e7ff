#pragma once

#include <string>

#include "core/client_url.h"
#include "core/error.h"
#include "core/server_link.h"

namespace pistachio::cli {

/// Which server a client command talks to, and how: the flags that all of them share.
struct ServerOptions {
  std::string url = "http://127.0.0.1:8080/messages";  ///< --url
  std::string token;                                   ///< --token
  std::string token_file;                              ///< --token-file; --token wins
  std::string ca_file;                                 ///< --ca-file
  bool insecure = false;                               ///< --insecure
};

/// What the HTTP client needs of it; reads the token file. Errc::bad_argument when the file cannot
/// be read or what is in it is no token.
Expected<LinkOptions> link_options(const ServerOptions& options);

}  // namespace pistachio::cli
