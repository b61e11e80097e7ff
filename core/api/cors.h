#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/response.h"

namespace pistachio {

/// The value of the first Origin line in a head that could not be read whole (too large,
/// malformed); empty when none is found. Good for number() and nothing else: the bytes may be
/// anything.
std::string_view origin_in(std::string_view head);

/// Which foreign pages may use this server from a browser (the Fetch standard's CORS protocol), and
/// the fields that say so.
class Cors {
 public:
  /// `origins`: "https://example.org", as a browser's Origin field spells it, or "*" for all.
  explicit Cors(std::vector<std::string> origins);

  /// A small number for the origin of a request, to be kept until its answer: 0 when it is not
  /// allowed or there is none.
  std::uint8_t number(std::string_view origin) const;

  /// Adds what every answer to that origin carries.
  void add_fields(std::uint8_t number, http::Response& response) const;

  /// Adds what the answer to a preflight carries besides.
  void add_preflight_fields(std::uint8_t number, http::Response& response) const;

 private:
  std::vector<std::string> origins_;
  bool any_ = false;
};

}  // namespace pistachio
