#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace pistachio::http {

/// Why a request is refused: a status of RFC 9110 and one sentence that says what was wrong and
/// what would be right. After a refusal nothing further of the connection can be trusted: it is
/// answered and closed.
struct Refusal {
  int status = 400;
  std::string detail;

  bool operator==(const Refusal&) const = default;
};

/// `return refuse(400, "…")` from a function that returns tl::expected<T, Refusal>.
[[gnu::cold, gnu::noinline]] inline tl::unexpected<Refusal> refuse(int status, std::string detail) {
  return tl::make_unexpected(Refusal{status, std::move(detail)});
}

/// `text` in quotation marks, for a detail, and cut short: what clients send may be long.
[[gnu::cold, gnu::noinline]] inline std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  const bool cut = text.size() > kLongest;
  return "\"" + std::string(text.substr(0, kLongest)) + (cut ? "…\"" : "\"");
}

}  // namespace pistachio::http
