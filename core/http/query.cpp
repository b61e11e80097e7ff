#include "core/http/query.h"

#include <algorithm>
#include <cstddef>

#include "core/http/byte_class.h"
#include "core/http/refusal.h"

namespace pistachio::http {
std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t escape = std::min(text.find('%', at), text.size());
    out.append(text.substr(at, escape - at));
    if (escape == text.size()) break;
    if (text.size() - escape < 3) return std::nullopt;
    const int high = hex_value(text[escape + 1]);
    const int low = hex_value(text[escape + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    at = escape + 2;
  }
  return out;
}

tl::expected<std::vector<QueryParameter>, std::string> parse_query(std::string_view query) {
  std::vector<QueryParameter> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = percent_decode(part.substr(0, equals));
    auto value = percent_decode(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value) {
      return tl::make_unexpected("malformed percent escape in query parameter " + quoted(part) +
                                 "; % is followed by two hexadecimal digits, and is itself %25");
    }
    parameters.push_back({std::move(*name), std::move(*value)});
  }
  return parameters;
}

}  // namespace pistachio::http
