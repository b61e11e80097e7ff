#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace pistachio::http {

/// Percent-decodes once (RFC 3986 section 2.1). Nothing when an escape is not two hexadecimal
/// digits. "+" stays "+" in paths; in queries a form-minded client's "+" for a space is of no use
/// to any of our parameters, so it stays too.
std::optional<std::string> percent_decode(std::string_view text);

struct QueryParameter {
  std::string name;   ///< decoded
  std::string value;  ///< decoded; empty when there is no "="
};

/// Splits a query at "&" and decodes each part once; empty parts are skipped. An error names what
/// is malformed.
tl::expected<std::vector<QueryParameter>, std::string> parse_query(std::string_view query);

}  // namespace pistachio::http
