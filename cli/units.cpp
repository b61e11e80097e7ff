#include "cli/units.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/seconds.h"

namespace pistachio::cli {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t worth;
};

constexpr std::array<Unit, 6> kTimes = {
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 10> kSizes = {{{"", 1},
                                          {"B", 1},
                                          {"kB", 1000},
                                          {"KB", 1000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"KiB", 1ull << 10},
                                          {"MiB", 1ull << 20},
                                          {"GiB", 1ull << 30},
                                          {"TiB", 1ull << 40}}};

// Number and unit in the unit's smallest parts, rounded up; nothing when it is neither or too
// large for 62 bits.
template <std::size_t N>
std::optional<std::uint64_t> measure(std::string_view text, const std::array<Unit, N>& units) {
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  auto name = text.substr(digits);
  while (name.starts_with(' ')) name.remove_prefix(1);
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == name; });
  // The number in thousandths, as a time of so many seconds would be.
  const auto thousandths = parse_seconds(text.substr(0, digits));
  if (unit == units.end() || !thousandths) return std::nullopt;
  const auto number = static_cast<std::uint64_t>(thousandths->count());
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  if (number != 0 && unit->worth > (kMost - 999) / number) return std::nullopt;
  return (number * unit->worth + 999) / 1000;
}

}  // namespace

Expected<Duration> parse_duration(std::string_view text) {
  const auto milliseconds = measure(text, kTimes);
  if (!milliseconds) {
    return failure(Errc::bad_argument, "\"" + std::string(text) +
                                           "\" is no time; write 250ms, 30s, 1.5h (units: ms s m "
                                           "h d; a bare number is seconds)");
  }
  return Duration(static_cast<Duration::rep>(*milliseconds));
}

Expected<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = measure(text, kSizes);
  if (!bytes) {
    return failure(Errc::bad_argument, "\"" + std::string(text) +
                                           "\" is no size; write 64KiB or 1MiB (units: B kB MB GB "
                                           "KiB MiB GiB TiB; a bare number is bytes)");
  }
  return *bytes;
}

Expected<std::uint64_t> parse_count(std::string_view text, std::uint64_t least,
                                    std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return failure(Errc::bad_argument, "\"" + std::string(text) + "\" is no whole number from " +
                                           std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

std::string describe(Duration span) {
  const auto in = [span](std::int64_t worth, const char* unit) {
    const auto tenths = (span.count() * 10 + worth / 2) / worth;
    std::string out = std::to_string(tenths / 10);
    if (tenths % 10 != 0) out += "." + std::to_string(tenths % 10);
    return out + unit;
  };
  if (span < std::chrono::seconds(1)) return std::to_string(span.count()) + "ms";
  if (span < std::chrono::minutes(2)) return in(1000, "s");
  if (span < std::chrono::hours(2)) return in(60'000, "m");
  if (span < std::chrono::hours(48)) return in(3'600'000, "h");
  return in(86'400'000, "d");
}

}  // namespace pistachio::cli
