#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "core/http/request.h"

namespace pistachio::http {

// A strict, pure reader of HTTP/1.1 requests (RFC 9112): bytes in, requests or refusals out, no
// sockets. There is one way to read every request or it is refused and the connection closed, so
// that no proxy in front can see other requests than we do. Any split of the bytes gives the same
// result.
//
// The order of calls: HeadScanner finds where a head ends, however its bytes arrive; parse_head()
// reads it; for a chunked body a ChunkedDecoder takes what follows. A body with Content-Length
// needs no parser.

/// Why a request is refused: a status of RFC 9110 and one sentence that says what was wrong and
/// what would be right.
struct Refusal {
  int status = 400;
  std::string detail;

  bool operator==(const Refusal&) const = default;
};

/// Finds the end of a request head in bytes that come in pieces. Remembers where it stood, so that
/// a head that arrives byte by byte costs no more than one that comes at once.
class HeadScanner {
 public:
  /// Request line and headers together, and the empty lines before them.
  static constexpr std::size_t kMaxHeadBytes = 8 * 1024;

  /// `bytes` is everything received of this request so far, from its first byte, and only ever
  /// grows. A number: the head, with its final empty line, is so many bytes long. Nothing: more is
  /// needed. A refusal: a line that ends in LF alone, or over 8 KiB (414 when the request line
  /// alone is, else 431).
  tl::expected<std::optional<std::size_t>, Refusal> scan(std::string_view bytes);

  /// Ready for the next request.
  void reset() { *this = HeadScanner(); }

  /// True when no byte of a request was seen but, at the most, empty lines before it.
  bool at_start() const { return !seen_any_; }

 private:
  std::size_t scanned_ = 0;  // bytes already looked at
  std::size_t line_start_ = 0;
  bool seen_any_ = false;
};

/// Reads one whole head, as HeadScanner measured it. Refuses what RFC 9112 lets be read in two
/// ways, and what we do not serve: 400 malformed request line or field, obs-fold, space before the
/// colon, bare CR, NUL or other control bytes, a missing, doubled or malformed Host on 1.1,
/// repeated or malformed Content-Length, Content-Length together with Transfer-Encoding,
/// Transfer-Encoding on 1.0; 431 over 64 fields; 501 a transfer coding other than chunked; 505
/// another major version; 417 an expectation other than 100-continue. `head` is only valid on
/// success.
tl::expected<void, Refusal> parse_head(std::string_view bytes, RequestHead& head);

/// Takes a chunked body apart (RFC 9112 section 7.1), however it is split. Strict: CRLF only,
/// hexadecimal sizes of at most 16 digits, chunk extensions skipped, trailers read and dropped;
/// size lines and trailers together have their own limit.
class ChunkedDecoder {
 public:
  /// For the sum of all size lines with extensions of one chunk (1 KiB) and for all trailers (8
  /// KiB): reasons to refuse with 400 / 431.
  static constexpr std::size_t kMaxSizeLine = 1024;
  static constexpr std::size_t kMaxTrailerBytes = 8 * 1024;

  /// Decodes from the front of `bytes`, appends the content to `content` and returns how many bytes
  /// were used: all of them unless the body ended (done()). Never appends more than `room` bytes in
  /// this call: when the content would be larger the refusal is 413 (so that the caller's limit on
  /// the whole body is `limit - content.size()`).
  tl::expected<std::size_t, Refusal> decode(std::string_view bytes, std::string& content,
                                            std::size_t room);

  /// The last chunk and the trailers have been read.
  bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size_start,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    final_lf,
    done
  };
  State state_ = State::size_start;
  std::uint8_t digits_ = 0;
  std::uint64_t left_ = 0;    // of the chunk whose data is being read, or its size so far
  std::size_t overhead_ = 0;  // bytes of the present size line, or of all trailers
};

}  // namespace pistachio::http
