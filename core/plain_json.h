#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pistachio {

/// The bytes at the start of a text that stand for themselves in a JSON string (RFC 8259, 7).
struct JsonLiteral {
  std::size_t length = 0;
  bool is_ascii = true;
};

/// All up to the first quotation mark, backslash or control character. Bytes beyond ASCII count;
/// whether they are UTF-8 is not looked at.
JsonLiteral json_literal(std::string_view text);

// Reads JSON objects as programs write them: one level, strings and plain numbers, no white space.
// That is much faster than a parser for all of JSON and takes none of its memory. What is not
// of this kind is not refused but left to such a parser:
//
//   PlainJson members(line);
//   while (members.next()) … members.name(), members.value() …
//   if (!members.is_whole()) … nothing of what was read counts: parse `line` in full …
//
// Whatever it does accept is valid JSON (RFC 8259, with valid UTF-8) and means the same to any
// parser; of a repeated name the last is the one that counts.
class PlainJson {
 public:
  /// `text` must outlive this.
  explicit PlainJson(std::string_view text) : rest_(text) {}

  /// Goes to the next member. False at the end, and where the text is not plain.
  bool next();

  /// The whole text was one plain object. To be asked after next() was false.
  bool is_whole() const { return state_ == State::whole; }

  /// Of the present member; valid until next() is called.
  std::string_view name() const { return name_; }
  bool is_string() const { return is_string_; }
  /// The string it stands for, or the digits of a number: "12", "0.5", never a sign or an exponent.
  std::string_view value() const { return value_; }

 private:
  enum class State { start, member, whole, not_plain };

  bool take(char c);
  bool read_string(std::string_view& out, std::string& scratch);
  bool read_number();

  std::string_view rest_;
  State state_ = State::start;
  std::string_view name_;
  std::string_view value_;
  bool is_string_ = false;
  std::string scratch_;  // for a value with escapes
};

}  // namespace pistachio
