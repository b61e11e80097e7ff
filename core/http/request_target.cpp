#include "core/http/request_target.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "core/http/authority.h"
#include "core/http/byte_class.h"
#include "core/http/request.h"

namespace pistachio::http {
namespace {

RequestTarget at_question_mark(std::string_view text) {
  const std::size_t mark = std::min(text.find('?'), text.size());
  return {text.substr(0, mark), text.substr(std::min(mark + 1, text.size()))};
}

tl::expected<RequestTarget, Refusal> split_url(std::string_view url) {
  const std::size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon);
  if (colon == std::string_view::npos ||
      !(equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "https"))) {
    return refuse(400, "the request target is neither a path that starts with / nor an http URL");
  }
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t host_end = std::min(rest.find_first_of("/?"), rest.size());
  if (!is_host_and_port(rest.substr(0, host_end))) {
    return refuse(400, "the URL in the request line has no host[:port], or one that is malformed");
  }
  RequestTarget target = at_question_mark(rest.substr(host_end));
  // The second slash of "://" serves as the path "/": views point into what was split.
  if (target.path.empty()) target.path = url.substr(colon + 2, 1);
  return target;
}

bool is_host_with_port(std::string_view text) {
  return is_host_and_port(text) && is_digit(text.back()) && text.find(':') != text.npos;
}

}  // namespace

tl::expected<RequestTarget, Refusal> split_target(std::string_view target,
                                                  std::string_view method) {
  assert(!target.empty());
  if (method == "CONNECT") {
    if (is_host_with_port(target)) return refuse(501, "CONNECT is not served: this is no proxy");
    return refuse(400, "the target of CONNECT is not host:port");
  }
  if (target == "*") {
    if (method == "OPTIONS") return RequestTarget{target, target.substr(1)};
    return refuse(400, "the request target * is for OPTIONS alone; others start with /");
  }
  return target.front() == '/' ? at_question_mark(target) : split_url(target);
}

}  // namespace pistachio::http
