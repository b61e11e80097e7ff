#include "core/seconds.h"

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
  if (span < Duration::zero()) span = Duration::zero();
  std::string out = std::to_string(span.count() / 1000);
  const auto milliseconds = static_cast<int>(span.count() % 1000);
  if (milliseconds == 0) return out;
  out += '.';
  for (int rest = milliseconds, worth = 100; rest > 0; worth /= 10) {
    out += static_cast<char>('0' + rest / worth);
    rest %= worth;
  }
  return out;
}

}  // namespace pistachio
