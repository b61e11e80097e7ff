#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"

namespace pistachio::cli {

// Times and sizes as people write them. Errors (Errc::bad_argument) say what would be right.

/// "250ms", "30s", "1.5h", "2m", "1d"; a bare number is seconds. What is finer than a millisecond
/// is rounded up.
Expected<Duration> parse_duration(std::string_view text);

/// "64KiB", "1MiB", "2GiB" (powers of 1024), "10kB", "1MB", "1GB" (of 1000), "512B"; a bare number
/// is bytes.
Expected<std::uint64_t> parse_size(std::string_view text);

/// A whole number from `least` to `most`.
Expected<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most);

/// A time for people, in the largest unit that needs no more than one decimal: "250ms", "1.5s",
/// "12m".
std::string describe(Duration span);

}  // namespace pistachio::cli
