#pragma once

#include <string_view>

#include "core/http/response.h"

namespace pistachio::http {

/// Makes `response` an error: its status, and an application/problem+json body (RFC 9457) of type,
/// title, status and detail, ended by a newline for those who read it on a terminal. The body is
/// replaced and Content-Type is added; fields that are there already (Retry-After, Allow, CORS)
/// stay, so there must be no Content-Type among them. `detail` may hold any bytes; what is not
/// UTF-8 is replaced.
void set_problem(Response& response, int status, std::string_view detail);

}  // namespace pistachio::http
