#pragma once

#include <string_view>

namespace pistachio {

/// The version of this build, "1.2.3": what `--version` prints and `GET /` shows.
std::string_view version();

}  // namespace pistachio
