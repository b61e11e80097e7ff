#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/error.h"
#include "core/http/query.h"
#include "core/http/request.h"
#include "core/receipt.h"

namespace pistachio {

// What a request asks for beside its method and path: query parameters and the header fields that
// we know. Strict: a mistyped parameter must not lose a message.

/// The query of one request, held to what its method knows. Must not outlive the request's bytes.
class Parameters {
 public:
  /// A method knows so many parameters at the most.
  static constexpr std::size_t kMost = 8;

  /// Errc::bad_argument names the parameter that is malformed, not `known` or given twice. `_`
  /// (cache busters) and `access_token` are passed over.
  static Expected<Parameters> parse(std::string_view query,
                                    std::initializer_list<std::string_view> known);

  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  bool has(std::string_view name) const { return find(name) != nullptr; }

  /// Its value, decoded; null when it was not given.
  const std::string_view* find(std::string_view name) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (given_[i].name == name) return &given_[i].value;
    }
    return nullptr;
  }

  /// Seconds, decimals allowed. `more_than_zero`: 0 is refused. Nothing when it was not given.
  Expected<std::optional<Duration>> seconds(std::string_view name,
                                            bool more_than_zero = false) const;

  /// A whole number from `least` to `most`.
  Expected<std::optional<std::size_t>> number(std::string_view name, std::size_t least,
                                              std::size_t most) const;

  /// True when it was given as `value`; any other value is refused.
  Expected<bool> exactly(std::string_view name, std::string_view value) const;

  /// Receipts, separated by commas, `most` at the most; empty when it was not given.
  Expected<std::vector<Receipt>> receipts(std::string_view name, std::size_t most) const;

 private:
  struct Given {
    std::string_view name;
    std::string_view value;
  };
  std::array<Given, kMost> given_;  // in place: a poll with a lease has two, and must not allocate
  std::size_t count_ = 0;
  std::unique_ptr<char[]> decoded_;  // what values that held escapes point to
};

/// The header fields that we act on, found in one pass. Views into the request; empty when a field
/// is not there.
struct KnownFields {
  std::string_view accept;
  std::string_view authorization;
  std::string_view content_type;
  std::string_view idempotency_key;
  std::string_view origin;
  std::string_view prefer;
  std::string_view purpose;
  std::string_view sec_fetch_site;
  std::string_view sec_purpose;
  std::string_view preflight_method;  ///< Access-Control-Request-Method
  bool has_content_type = false;
  bool has_idempotency_key = false;
  std::string_view repeated;  ///< a field that decides what a push is and stands there twice

  explicit KnownFields(const http::RequestHead& head);
};

/// True when `accept` lists the media type (parameters ignored, but q=0 means no).
bool accepts(std::string_view accept, std::string_view media_type);

/// The `wait` preference (RFC 7240); nothing when there is none or it is malformed, which that RFC
/// wants ignored.
std::optional<Duration> preferred_wait(std::string_view prefer);

/// The names of a path segment, decoded once, separated by commas: 1 to `most`, distinct. Appended
/// to `names`, which is cleared first.
Expected<void> parse_names(std::string_view segment, std::size_t most,
                           std::vector<EndpointName>& names);

/// The content type to keep: none for what clients send without meaning it (PROTOCOL section 4).
/// Errc::bad_argument when it is longer than 255 characters or not printable ASCII.
Expected<std::string> kept_content_type(std::string_view content_type);

}  // namespace pistachio
