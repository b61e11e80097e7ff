#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/clock.h"
#include "core/server_link.h"

namespace pistachio {

// What the answer to a push means for whoever pushes: the counterpart of poll_answer.

/// The store has it.
struct Accepted {
  std::string id;           ///< of the first message; empty where the store gives ids at delivery
  std::uint64_t count = 1;  ///< more for a body that was split
};

/// Trying again would not help.
struct PushRefused {
  std::string message;
};

/// It may work later: full, unavailable, a gateway's complaint.
struct PushTrouble {
  std::string message;
  std::optional<Duration> retry_after = std::nullopt;
  bool unreachable = false;  ///< the server is not there, or says that it cannot serve (503)
};

using PushAnswer = std::variant<Accepted, PushRefused, PushTrouble>;

PushAnswer read_push_answer(const HttpAnswer& answer);

}  // namespace pistachio
