#pragma once

#include <string_view>

#include "bench/load/reply.h"

namespace pistachio::bench {

/// Reads one RESP2 reply (or RESP3's null). Of an array, as BLPOP answers, the body is the last
/// string in it.
Parsed parse_redis_reply(std::string_view bytes);

}  // namespace pistachio::bench
