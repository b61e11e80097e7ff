#pragma once

#include <string_view>

namespace pistachio {

/// True when `bytes` are well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong, nothing over
/// U+10FFFF).
bool is_utf8(std::string_view bytes);

}  // namespace pistachio
