#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace pistachio {

/// How much a person should mind what a server says about itself.
enum class Severity : std::uint8_t {
  info,     ///< good news: what was broken works
  warning,  ///< it works, but not as well as it could
  error,    ///< something does not work
};

/// Takes a sentence for the log; may be empty.
using Report = std::function<void(Severity, const std::string&)>;

}  // namespace pistachio
