#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "core/http/head_scanner.h"
#include "core/http/refusal.h"
#include "core/http/request.h"

namespace pistachio::http {

// A strict, pure reader of HTTP/1.1 requests (RFC 9112): bytes in, requests or refusals out, no
// sockets. There is one way to read every request or it is refused and the connection closed, so
// that no proxy in front can see other requests than we do. Any split of the bytes gives the same
// result.
//
// The order of calls: HeadScanner finds where a head ends, however its bytes arrive; parse_head()
// reads it; for a chunked body a ChunkedDecoder (chunked_decoder.h) takes what follows. A body with
// Content-Length needs no parser.

/// Reads one whole head; `bytes` must be exactly what HeadScanner measured. Refuses what RFC 9112
/// lets be read in two ways, and what we do not serve: 400 malformed request line or field,
/// obs-fold, space before the colon, bare CR, NUL or other control bytes, a missing Host on 1.1, a
/// doubled or malformed one on any version, repeated or malformed Content-Length, Content-Length
/// together with Transfer-Encoding, Transfer-Encoding on 1.0, repeated, malformed or not ending in
/// chunked; 431 over 64 fields; 501 CONNECT and a transfer coding other than chunked; 505 another
/// major version; 417 an expectation other than 100-continue on 1.1.
///
/// An absolute target (RFC 9112 section 3.2.2) is reduced to its path and query. `head` may hold
/// anything before and is only valid on success, as long as `bytes` is.
tl::expected<void, Refusal> parse_head(std::string_view bytes, RequestHead& head);

}  // namespace pistachio::http
