#pragma once

#include <string>
#include <vector>

namespace pistachio::http {

/// One thing a client may send and what must come of it.
struct RequestCase {
  std::string sentence;  ///< "a request … is refused"
  std::string bytes;
  int status = 0;  ///< of the refusal; 0 when the bytes are served to their end
};

/// Heads that are refused, each for one reason.
std::vector<RequestCase> refused_heads();

/// Chunked bodies (with their heads) that are refused, each for one reason.
std::vector<RequestCase> refused_chunked_bodies();

/// Bytes that hold one or more whole requests, all served.
std::vector<RequestCase> served_requests();

}  // namespace pistachio::http
