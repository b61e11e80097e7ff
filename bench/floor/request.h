#pragma once

#include <cstddef>
#include <string_view>

namespace pistachio::bench {

/// The little of a request that the floor looks at. The views lie in the bytes it was read from.
struct Request {
  std::string_view method;
  std::string_view path;  ///< without the query
  std::string_view body;
  bool closes = false;          ///< the connection is to be closed after the answer
  bool unknown_coding = false;  ///< the body cannot be read
  std::size_t size = 0;         ///< bytes, from first to last
};

enum class Reading { whole, incomplete, malformed };

/// Reads the request at the front of `bytes`. Not strict, for the sake of speed: what a server must
/// refuse, this may take.
Reading read_request(std::string_view bytes, Request& request);

}  // namespace pistachio::bench
