#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pistachio::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

struct Field {
  std::string_view name;   ///< as sent; compare with equals_ignoring_case
  std::string_view value;  ///< without the white space around it
};

/// How the end of a body is found (RFC 9112 section 6). A Content-Length of 0 is `length` too.
enum class BodyFraming : std::uint8_t { none, length, chunked };

/// The head of one request, read by parse_head(). All views point into the bytes that were parsed.
struct RequestHead {
  static constexpr std::size_t kMaxFields = 64;

  Method method = Method::other;
  std::string_view method_text;
  std::string_view path;   ///< as sent (not decoded), starting with "/"; or "*" with OPTIONS
  std::string_view query;  ///< what follows the first "?", as sent; empty when there is none
  std::uint8_t minor_version = 1;  ///< 1 for HTTP/1.1 and later 1.x, 0 for HTTP/1.0
  bool keep_alive = true;          ///< what Connection and the version say
  bool expects_continue = false;   ///< Expect: 100-continue on HTTP/1.1
  BodyFraming framing = BodyFraming::none;
  std::uint64_t content_length = 0;

  std::size_t field_count = 0;
  std::array<Field, kMaxFields> fields;

  /// parse_head()'s own, and kept from one head to the next: the last Host that was well-formed.
  /// Nearly all clients of a server call it the same.
  std::string good_host;

  std::span<const Field> all_fields() const { return {fields.data(), field_count}; }

  /// The value of the first field called `name` (any case); nothing when there is none.
  std::optional<std::string_view> field(std::string_view name) const;

  /// True when a field called `name` stands there at all.
  bool has_field(std::string_view name) const { return field(name).has_value(); }
};

/// Folds ASCII letters alone, whatever the locale.
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace pistachio::http
