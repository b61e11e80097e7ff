#include "core/seconds.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace pistachio {

std::optional<Duration> parse_seconds(std::string_view text) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  std::int64_t whole = 0;
  std::int64_t milliseconds = 0;
  std::int64_t worth = 100;  // of the next decimal, in milliseconds
  bool digits = false;
  bool point = false;
  bool finer = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    digits = true;
    const int digit = c - '0';
    if (!point) {
      whole = whole * 10 + digit;
      if (whole > kMost) return std::nullopt;
    } else if (worth > 0) {
      milliseconds += digit * worth;
      worth /= 10;
    } else {
      finer = finer || digit != 0;
    }
  }
  if (!digits) return std::nullopt;
  return Duration(whole * 1000 + milliseconds + (finer ? 1 : 0));
}

std::string format_seconds(Duration span) {
  const std::int64_t milliseconds = std::max<std::int64_t>(0, span.count());
  char text[32];
  char* end = std::to_chars(text, text + sizeof text, milliseconds / 1000).ptr;
  const auto part = static_cast<unsigned>(milliseconds % 1000);
  if (part != 0) {
    *end++ = '.';
    for (const unsigned digit : {part / 100, part / 10 % 10, part % 10}) {
      *end++ = static_cast<char>('0' + digit);
    }
    while (end[-1] == '0') --end;
  }
  return {text, end};
}

}  // namespace pistachio
