#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "core/http/refusal.h"

namespace pistachio::http {

/// Takes a chunked body apart (RFC 9112 section 7.1), however it is split; pure, and any split of
/// the bytes gives the same result. Strict: CRLF only, hexadecimal sizes of at most 16 digits,
/// chunk extensions skipped, trailers checked as header fields are and dropped. One decoder serves
/// one body; after a refusal it is of no use.
class ChunkedDecoder {
 public:
  /// For the size line of one chunk, extensions and CRLF included; over it is a refusal with 400.
  /// Nobody sends extensions; a kilobyte is for the curious.
  static constexpr std::size_t kMaxSizeLine = 1024;

  /// For all trailers with the empty line that ends them, as for a head; over it is a refusal with
  /// 431.
  static constexpr std::size_t kMaxTrailerBytes = 8 * 1024;

  /// Decodes from the front of `bytes`, appends the content to `content` and returns how many bytes
  /// were used: all of them unless the body ended (done()). Never appends more than `room` bytes in
  /// this call: when a chunk's size says that the content will be larger, the refusal is 413,
  /// before any of that chunk is appended (so that the caller's limit on the whole body is `limit -
  /// content.size()`, called however often).
  tl::expected<std::size_t, Refusal> decode(std::string_view bytes, std::string& content,
                                            std::size_t room);

  /// The last chunk and the trailers have been read.
  bool done() const { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size_start,
    size,
    size_space,  // "bad white space", which only an extension may follow
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    final_lf,
    done
  };

  tl::expected<void, Refusal> take(char c);
  tl::expected<void, Refusal> take_in_size_line(char c);
  tl::expected<void, Refusal> take_in_trailers(char c);

  State state_ = State::size_start;
  std::uint8_t digits_ = 0;   // of the size, so far
  std::uint64_t left_ = 0;    // of the chunk whose data is being read, or its size so far
  std::size_t overhead_ = 0;  // bytes of the present size line, or of all trailers
};

}  // namespace pistachio::http
