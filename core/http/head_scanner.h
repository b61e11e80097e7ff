#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "core/http/refusal.h"

namespace pistachio::http {

/// Finds the end of a request head in bytes that come in pieces. Remembers where it stood, so that
/// a head that arrives byte by byte costs no more than one that comes at once.
class HeadScanner {
 public:
  /// Request line and headers together, and the empty lines before them.
  static constexpr std::size_t kMaxHeadBytes = 8 * 1024;

  /// `bytes` is everything received of this request so far, from its first byte, and only ever
  /// grows. A number: the head, with its final empty line, is so many bytes long; what lies beyond
  /// was not looked at. Nothing: more is needed. A refusal: 400 for a line that ends in LF alone or
  /// a first byte that starts no method (somebody speaks TLS, say), or over 8 KiB (414 when the
  /// request line alone is, else 431). After a number or a refusal, reset() comes first.
  tl::expected<std::optional<std::size_t>, Refusal> scan(std::string_view bytes);

  /// Ready for the next request.
  void reset() { *this = HeadScanner(); }

  /// True when no byte of a request was seen but, at the most, empty lines before it.
  bool at_start() const { return part_ == Part::empty_lines; }

 private:
  enum class Part : std::uint8_t { empty_lines, request_line, fields };

  using Offset = std::uint16_t;  // of each connection's memory as little as will do
  static_assert(kMaxHeadBytes <= UINT16_MAX);

  Offset scanned_ = 0;  // bytes already looked at
  Offset line_start_ = 0;
  Part part_ = Part::empty_lines;
};

}  // namespace pistachio::http
