#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pistachio::http {

// Which bytes may stand where, by the grammars of RFC 9110 and RFC 3986. Tables, because every byte
// of every head passes through them, and because <cctype> would ask the locale.

namespace byte_class {

inline constexpr std::uint8_t kToken = 1;    // RFC 9110 section 5.6.2
inline constexpr std::uint8_t kTarget = 2;   // visible ASCII but "#"
inline constexpr std::uint8_t kValue = 4;    // visible ASCII, SP, HTAB and obs-text
inline constexpr std::uint8_t kRegName = 8;  // RFC 3986 section 3.2.2, without "%"

constexpr std::array<std::uint8_t, 256> make_table() {
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
  constexpr std::string_view kRegNameMarks = "-._~!$&'()*+,;=";
  std::array<std::uint8_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    const char c = static_cast<char>(byte);
    const bool letter_or_digit =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool visible = byte > 0x20 && byte < 0x7f;
    unsigned classes = 0;
    if (letter_or_digit || kTokenMarks.find(c) != std::string_view::npos) classes |= kToken;
    if (visible && c != '#') classes |= kTarget;
    if (visible || c == ' ' || c == '\t' || byte >= 0x80) classes |= kValue;
    if (letter_or_digit || kRegNameMarks.find(c) != std::string_view::npos) classes |= kRegName;
    table[byte] = static_cast<std::uint8_t>(classes);
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kTable = make_table();

constexpr bool holds(char c, std::uint8_t which) {
  return (kTable[static_cast<unsigned char>(c)] & which) != 0;
}

}  // namespace byte_class

/// May stand in a method, a field name or a connection option.
constexpr bool is_token_byte(char c) { return byte_class::holds(c, byte_class::kToken); }

/// May stand in a request target; "#" may not, for a fragment is never sent.
constexpr bool is_target_byte(char c) { return byte_class::holds(c, byte_class::kTarget); }

/// May stand in a field value or a chunk extension: no control byte but HTAB.
constexpr bool is_value_byte(char c) { return byte_class::holds(c, byte_class::kValue); }

/// May stand in a registered name; "%" may too, before two hexadecimal digits.
constexpr bool is_reg_name_byte(char c) { return byte_class::holds(c, byte_class::kRegName); }

constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 0 to 15 for a hexadecimal digit, -1 for anything else.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace pistachio::http
