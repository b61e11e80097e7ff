#pragma once

#include <string>
#include <string_view>

#include "bench/load/reply.h"

namespace pistachio::bench {

/// Reads one HTTP/1.x response. `at_end`: the server has closed, which is what ends a body without
/// a length. The content of a chunked body is put together in `scratch`.
Parsed parse_http_reply(std::string_view bytes, bool at_end, std::string& scratch);

}  // namespace pistachio::bench
