#include "cli/server_options.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace pistachio::cli {

Expected<LinkOptions> link_options(const ServerOptions& options) {
  LinkOptions link;
  link.token = options.token;
  link.ca_file = options.ca_file;
  link.insecure = options.insecure;
  // The library would say no more than that the server is not trusted, again and again.
  if (!link.ca_file.empty() && ::access(link.ca_file.c_str(), R_OK) != 0) {
    return failure(Errc::bad_argument,
                   "cannot read the certificates in " + link.ca_file + ": " + std::strerror(errno));
  }
  std::string from = "--token";
  if (link.token.empty() && !options.token_file.empty()) {
    from = options.token_file;
    std::ifstream file(options.token_file);
    std::ostringstream text;
    if (file) text << file.rdbuf();
    if (!file || file.bad()) {
      return failure(Errc::bad_argument, "cannot read the token file " + options.token_file + ": " +
                                             std::strerror(errno));
    }
    link.token = text.str();
    link.token.erase(link.token.find_last_not_of(" \t\r\n") + 1);
    if (link.token.empty()) return failure(Errc::bad_argument, from + " holds no token");
  }
  for (const char c : link.token) {
    if (c <= ' ' || c >= 0x7f) {
      return failure(Errc::bad_argument, from + ": a token is one word of visible characters");
    }
  }
  return link;
}

}  // namespace pistachio::cli
