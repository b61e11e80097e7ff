#include "core/plain_json.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/utf8.h"

namespace pistachio {
namespace {

constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101u;
constexpr std::uint64_t kHighs = 0x8080'8080'8080'8080u;

// Not 0 when a byte of `word` is less than `n`, of which n <= 128. It may say so of a byte above
// the first that is, never without one (the borrow of a subtraction runs upwards).
constexpr std::uint64_t any_below(std::uint64_t word, std::uint64_t n) {
  return (word - kOnes * n) & ~word & kHighs;
}

constexpr std::uint64_t any_equal(std::uint64_t word, char c) {
  return any_below(word ^ (kOnes * static_cast<unsigned char>(c)), 1);
}

bool is_literal(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What the escape at the start of `text` (behind its backslash) stands for, and how long it is; 0
// for those that are not plain: anything beyond ASCII, and nonsense.
std::size_t read_escape(std::string_view text, char& out) {
  if (text.empty()) return 0;
  constexpr std::string_view kFrom = "\"\\/bfnrt";
  constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const auto at = kFrom.find(text[0]);
  if (at != std::string_view::npos) {
    out = kTo[at];
    return 1;
  }
  if (text.size() < 5 || !text.starts_with("u00")) return 0;
  const int high = hex_value(text[3]);
  const int low = hex_value(text[4]);
  if (high < 0 || high > 7 || low < 0) return 0;
  out = static_cast<char>(high * 16 + low);
  return 5;
}

}  // namespace

JsonLiteral json_literal(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t seen = 0;  // all bytes in one, for their highest bits
  // Eight at a time: this looks at every byte of every message that goes by as JSON.
  if constexpr (std::endian::native == std::endian::little) {
    for (; text.size() - at >= 8; at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, sizeof word);
      const std::uint64_t stops =
          any_below(word, 0x20) | any_equal(word, '"') | any_equal(word, '\\');
      if (stops != 0) {
        // Only the lowest bit is to be trusted, and the first byte of the text is lowest.
        seen |= word & (stops ^ (stops - 1));
        at += static_cast<std::size_t>(std::countr_zero(stops)) / 8;
        return {at, (seen & kHighs) == 0};
      }
      seen |= word;
    }
  }
  for (; at < text.size() && is_literal(text[at]); ++at)
    seen |= static_cast<unsigned char>(text[at]);
  return {at, (seen & kHighs) == 0};
}

bool PlainJson::take(char c) {
  if (rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

bool PlainJson::next() {
  if (state_ == State::whole || state_ == State::not_plain) return false;
  const bool first = state_ == State::start;
  state_ = State::not_plain;
  if (first ? !take('{') : !rest_.starts_with(',') && !rest_.starts_with('}')) return false;
  if (take('}')) {
    take('\n');
    if (rest_.empty()) state_ = State::whole;
    return false;
  }
  if (!first && !take(',')) return false;
  std::string name_scratch;
  if (!read_string(name_, name_scratch) || !name_scratch.empty() || !take(':')) return false;
  is_string_ = rest_.starts_with('"');
  if (is_string_ ? !read_string(value_, scratch_) : !read_number()) return false;
  state_ = State::member;
  return true;
}

bool PlainJson::read_string(std::string_view& out, std::string& scratch) {
  if (!take('"')) return false;
  scratch.clear();
  bool is_ascii = true;
  for (bool has_escapes = false;; has_escapes = true) {
    const JsonLiteral literal = json_literal(rest_);
    is_ascii = is_ascii && literal.is_ascii;
    out = rest_.substr(0, literal.length);
    rest_.remove_prefix(literal.length);
    if (take('"')) {
      if (has_escapes) out = scratch.append(out);
      return is_ascii || is_utf8(out);
    }
    if (!take('\\')) return false;
    char escaped = 0;
    const std::size_t escape = read_escape(rest_, escaped);
    if (escape == 0) return false;
    rest_.remove_prefix(escape);
    scratch.append(out) += escaped;
  }
}

bool PlainJson::read_number() {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < rest_.size() && is_digit(rest_[at])) ++at;
    return at - from;
  };
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && rest_[0] == '0')) return false;
  if (at < rest_.size() && rest_[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  // What follows ("," or "}") is looked at by the next next(); an exponent ends there.
  value_ = rest_.substr(0, at);
  rest_.remove_prefix(at);
  return true;
}

}  // namespace pistachio
