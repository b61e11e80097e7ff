#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pistachio::bench {

/// One answer of a server, whatever it speaks. The views lie in the bytes that were parsed (or in
/// the parser's scratch) and die with them.
struct Reply {
  int status = 0;           ///< HTTP's, or the one that says the same
  bool closes = false;      ///< the server closes the connection after it
  bool nothing = false;     ///< Redis or beanstalkd: the wait ended without a message
  bool error = false;       ///< Redis or beanstalkd: an error reply
  std::string_view body{};  ///< the message, where there is one
  std::string_view etag{};
  std::string_view last_modified{};
  std::string_view receipt{};  ///< Pistachio-Receipt
  std::string_view gone{};     ///< Pistachio-Gone: receipts that came too late
  std::uint64_t job = 0;       ///< beanstalkd: what the message must be deleted by
};

/// What stands at the front of the bytes received.
struct Parsed {
  enum class What : std::uint8_t {
    incomplete,  ///< `size`: how many bytes it will have, 0 when that is not known yet
    interim,     ///< `size` bytes that answer nothing, to be skipped
    reply,       ///< `reply`, of `size` bytes
    malformed
  };
  What what = What::incomplete;
  std::size_t size = 0;
  Reply reply{};
};

}  // namespace pistachio::bench
