#include "core/http/problem.h"

#include <nlohmann/json.hpp>
#include <string>

namespace pistachio::http {

void set_problem(Response& response, int status, std::string_view detail) {
  // Ordered: people read it. "about:blank" says that the status is all the type there is (RFC 9457
  // section 4.2.1).
  const nlohmann::ordered_json problem{
      {"type", "about:blank"},
      {"title", std::string(reason_phrase(status))},
      {"status", status},
      {"detail", std::string(detail)},
  };
  response.status = status;
  response.add("Content-Type", "application/problem+json");
  response.body = problem.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  response.body += '\n';
  response.body_view = {};
}

}  // namespace pistachio::http
