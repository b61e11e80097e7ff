#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace pistachio {

/// Reads a time as the protocol writes it: seconds, decimals allowed ("30", "0.25", ".5"), no sign,
/// no exponent, no unit. What is finer than a millisecond is rounded up. Nothing when `text` is no
/// such number or exceeds 10^12 seconds.
std::optional<Duration> parse_seconds(std::string_view text);

/// Writes it: "30", "0.25". Negative spans are written as "0".
std::string format_seconds(Duration span);

}  // namespace pistachio
