#include "core/push_answer.h"

#include <nlohmann/json.hpp>

#include "core/poll_answer.h"

namespace pistachio {
namespace {

Accepted accepted(const HttpAnswer& answer) {
  Accepted result;
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  if (!body.is_object()) return result;
  for (const char* member : {"id", "first_id"}) {
    const auto id = body.find(member);
    if (id == body.end()) continue;
    result.id = id->is_string() ? id->get<std::string>() : id->dump();
    break;
  }
  const auto count = body.find("count");
  if (count != body.end() && count->is_number_unsigned())
    result.count = count->get<std::uint64_t>();
  return result;
}

}  // namespace

PushAnswer read_push_answer(const HttpAnswer& answer) {
  if (answer.status >= 200 && answer.status <= 299) return accepted(answer);
  switch (answer.status) {
    case 408:
    case 429:
      return PushTrouble{error_text(answer), retry_after(answer)};
    case 502:
    case 503:
    case 504:
      return PushTrouble{error_text(answer), retry_after(answer), true};
    default:
      return PushRefused{error_text(answer)};
  }
}

}  // namespace pistachio
