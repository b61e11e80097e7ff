#include "core/api/cors.h"

#include <algorithm>

#include "core/http/request.h"

namespace pistachio {
namespace {

constexpr std::uint8_t kAny = 255;

constexpr std::string_view kExposed =
    "Pistachio-Id, Pistachio-Attempt, Pistachio-Age, Pistachio-Endpoint, Pistachio-Receipt, "
    "Pistachio-Lease, "
    "Pistachio-Gone, Pistachio-Wait, Pistachio-Queued, Pistachio-Waiting, Retry-After, "
    "Idempotency-Replayed, "
    "Preference-Applied";

}  // namespace

std::string_view origin_in(std::string_view head) {
  constexpr std::string_view kName = "Origin:";
  while (!head.empty()) {
    const auto end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (!http::equals_ignoring_case(line.substr(0, kName.size()), kName)) continue;
    line.remove_prefix(kName.size());
    const auto from = line.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return line.substr(from, line.find_last_not_of(" \t\r") + 1 - from);
  }
  return {};
}

Cors::Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {
  any_ = std::find(origins_.begin(), origins_.end(), "*") != origins_.end();
  // The number of an origin must fit a byte; who has more origins than that wants "*".
  if (origins_.size() >= kAny) origins_.resize(kAny - 1);
}

std::uint8_t Cors::number(std::string_view origin) const {
  if (any_) return kAny;
  if (origin.empty()) return 0;
  const auto found = std::find(origins_.begin(), origins_.end(), origin);
  return found == origins_.end() ? std::uint8_t{0}
                                 : static_cast<std::uint8_t>(found - origins_.begin() + 1);
}

void Cors::add_fields(std::uint8_t number, http::Response& response) const {
  if (origins_.empty()) return;
  response.add("Vary", "Origin");
  if (number == 0) return;
  response.add("Access-Control-Allow-Origin", any_ ? std::string_view("*") : origins_[number - 1u]);
  response.add("Access-Control-Expose-Headers", kExposed);
}

void Cors::add_preflight_fields(std::uint8_t number, http::Response& response) const {
  if (number == 0) return;
  response.add("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE");
  response.add("Access-Control-Allow-Headers",
               "Authorization, Content-Type, Idempotency-Key, Prefer");
  response.add("Access-Control-Max-Age", "86400");
}

}  // namespace pistachio
