#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "core/utf8.h"

namespace pistachio {

/// A message as it travels on one line of NDJSON (PROTOCOL section 3):
///
///   {"id":"17","endpoint":"foobar","attempt":1,"age":0.012,"content_type":"text/plain","data":"…"}
///
/// Bytes that are not UTF-8 travel as "data_base64" instead of "data". A value; owns its bytes.
struct Envelope {
  std::string id;        ///< empty: the store keeps none
  std::string endpoint;  ///< empty: not said
  std::uint32_t attempt = 1;
  std::optional<Duration> age;  ///< since the push, where the store knows it
  std::string content_type;     ///< empty: none was given
  std::string data;
  std::string receipt;            ///< empty: not leased
  std::optional<Duration> lease;  ///< how long it is ours, with a receipt

  /// Appends the line, with its newline, to `out`. Without receipt and lease: they are nobody
  /// else's.
  void write_line(std::string& out) const;

  /// Reads one line (with or without its newline). Members that we do not know are ignored.
  /// Errc::bad_argument, with the reason, when it is no such object or holds no data.
  static Expected<Envelope> parse(std::string_view line);
};

/// Appends `utf8`, which must be UTF-8, as a JSON string. Only what JSON demands is escaped, so
/// that a log stays readable.
void append_json_string(std::string_view utf8, std::string& out);

/// base64 with padding (RFC 4648 section 4).
std::string base64(std::string_view bytes);

/// The bytes of padded base64; nothing when `text` is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace pistachio
