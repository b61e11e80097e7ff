#pragma once

#include <cstddef>
#include <functional>
#include <unordered_map>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/error.h"
#include "core/severity.h"

namespace pistachio {

/// Endpoints at which something fails that nobody asked for, so that nobody has the error as an
/// answer: what is due there cannot be moved, say. It stands in the log once, when it begins and
/// when it is over, and here as long as it lasts, for whoever finds nothing at that endpoint.
class EndpointTroubles {
 public:
  /// So many stand in the log. What troubles more endpoints at once is no matter of any of them.
  static constexpr std::size_t kMostLogged = 20;

  /// Whoever was told may ask again after this; then it should have been tried again.
  static constexpr Duration kAgainAfter = std::chrono::seconds(1);

  /// `report` must outlive this; may be empty.
  explicit EndpointTroubles(const Report& report) : report_(report) {}

  /// It failed, again or for the first time.
  void failed(const EndpointName& endpoint, Error error);
  /// It did not fail.
  void went_well(const EndpointName& endpoint);
  /// Null for an endpoint without trouble; valid until one of the others is called.
  const Error* of(const EndpointName& endpoint) const;

 private:
  struct Trouble {
    Error error;
    bool logged = false;
  };

  const Report& report_;
  std::unordered_map<EndpointName, Trouble, EndpointNameHash, std::equal_to<>> endpoints_;
};

}  // namespace pistachio
