#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "core/clock.h"

namespace pistachio {

/// The kinds of adversity a caller can act on. One table in core/api maps them to HTTP statuses,
/// one in cli to exit statuses.
enum class Errc {
  bad_name,       ///< not an endpoint name
  bad_argument,   ///< a value that cannot be used
  gone,           ///< the receipt no longer holds its message
  not_found,      ///< no such message
  endpoint_full,  ///< --max-queued, or too many idempotency keys or polls: try later
  too_large,      ///< more than will ever be taken at once
  key_reused,     ///< an idempotency key came with another message
  storage_full,   ///< the store cannot take more: disk full, Redis out of memory
  unavailable,    ///< the store cannot be reached or is not ready: try later
  unsupported,    ///< this store cannot do that
};

/// What went wrong while running. `message` names the thing, the operation, the cause and, where
/// known, what would be right.
struct Error {
  Errc code;
  std::string message;
  std::optional<Duration> retry_after = std::nullopt;  ///< a hint for endpoint_full and unavailable
};

template <class T>
using Expected = tl::expected<T, Error>;

/// `return failure(Errc::gone, "…")` from a function that returns Expected<T>. Cold, as refuse()
/// and their like are, so that the compiler puts the making of messages apart from the paths that
/// nearly all requests take: these fill the processor's instruction cache as it is.
[[gnu::cold, gnu::noinline]] inline tl::unexpected<Error> failure(Errc code, std::string message) {
  return tl::make_unexpected(Error{code, std::move(message)});
}

}  // namespace pistachio
