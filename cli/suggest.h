#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pistachio::cli {

/// The one of `known` that whoever typed `typed` most likely meant: the fewest insertions,
/// deletions, replacements and swaps of neighbours away, and no more than a third of its length.
/// Nothing when none is near.
std::optional<std::string> nearest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace pistachio::cli
