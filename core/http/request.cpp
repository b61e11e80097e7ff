#include "core/http/request.h"

namespace pistachio::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::optional<std::string_view> RequestHead::field(std::string_view name) const {
  for (const Field& each : all_fields()) {
    if (equals_ignoring_case(each.name, name)) return each.value;
  }
  return std::nullopt;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a == b) return true;  // most clients write a name as its RFC does
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace pistachio::http
