// Any bytes as a query. Decoding must undo encoding, and what a query is split into must be all
// that was in it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  require(percent_decode(encoded(query)) == query, "decoding undoes encoding");

  const auto decoded = percent_decode(query);
  if (decoded) {
    require(decoded->size() <= query.size(), "decoding does not lengthen");
    require((query.find('%') == query.npos) == (*decoded == query), "only escapes are decoded");
  }

  const auto parameters = parse_query(query);
  require(parameters.has_value() == decoded.has_value(), "a query fails by its escapes alone");
  if (!parameters) {
    require(parameters.error().size() < 300, "an error is short");
    return 0;
  }
  require(parameters->size() == parts_in(query), "every part is a parameter");
  std::string again;
  for (const QueryParameter& parameter : *parameters) {
    again += "&" + encoded(parameter.name) + "=" + encoded(parameter.value);
  }
  const auto same = parse_query(again);
  require(same && same->size() == parameters->size(), "parameters written out are as many");
  for (std::size_t i = 0; i < same->size(); ++i) {
    require((*same)[i].name == (*parameters)[i].name && (*same)[i].value == (*parameters)[i].value,
            "parameters written out are the same");
  }
  return 0;
}
