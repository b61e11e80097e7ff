#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "core/http/refusal.h"

namespace pistachio::http {

/// The part of a request target that we look at. Views point into what was split.
struct RequestTarget {
  std::string_view path;   ///< as sent; starts with "/", or is "*"
  std::string_view query;  ///< what follows the first "?"; empty when there is none
};

/// Splits the target of a request with `method` (RFC 9112 section 3.2); `target` is not empty and
/// of visible ASCII without "#". An http or https URL is reduced to its path and query, "/" when it
/// has no path. Refusals: 400 for "*" without OPTIONS and for what is neither a path nor such a
/// URL; for CONNECT 501, or 400 when its target is not host:port.
tl::expected<RequestTarget, Refusal> split_target(std::string_view target, std::string_view method);

}  // namespace pistachio::http
