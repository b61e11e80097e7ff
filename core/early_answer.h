#pragma once

#include <optional>
#include <string_view>

#include "core/server_link.h"

namespace pistachio {

// A server may answer before it has read the whole request ("413, too large") and close or reset
// the connection. Then sending fails, and the HTTP library reports that and looks no further. The
// answer lies unread in the socket.

/// What a server said on `socket` although sending to it failed: the bytes that are there now, not
/// waited for. Nothing when they do not begin with the whole head of a final answer.
std::optional<HttpAnswer> early_answer(int socket);

/// The same of bytes. A body that is chunked, or cut off, is left out or as short as it came: it
/// only serves to explain.
std::optional<HttpAnswer> parse_early_answer(std::string_view bytes);

}  // namespace pistachio
