// Any bytes as a query. Decoding must undo encoding, and what a query is split into must be all
// that was in it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/query.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pistachio::http;

std::string encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::size_t parts_in(std::string_view query) {
  std::size_t parts = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (query[i] != '&' && (i == 0 || query[i - 1] == '&')) ++parts;
  }
  return parts;
}

// Views into the query and into what the reader decoded.
std::vector<std::pair<std::string_view, std::string_view>> all_of(QueryReader& reader) {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  while (reader.next()) all.emplace_back(reader.name(), reader.value());
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  require(percent_decode(encoded(query)) == query, "decoding undoes encoding");

  const auto decoded = percent_decode(query);
  if (decoded) {
    require(decoded->size() <= query.size(), "decoding does not lengthen");
    require((query.find('%') == query.npos) == (*decoded == query), "only escapes are decoded");
  }

  QueryReader reader(query);
  const auto parameters = all_of(reader);
  require(reader.error().empty() == decoded.has_value(), "a query fails by its escapes alone");
  if (!decoded) {
    require(reader.error().size() < 300, "an error is short");
    return 0;
  }
  require(parameters.size() == parts_in(query), "every part is a parameter");
  std::string again;
  for (const auto& [name, value] : parameters) again += "&" + encoded(name) + "=" + encoded(value);
  QueryReader second(again);
  require(all_of(second) == parameters, "parameters written out are the same");
  return 0;
}
