#pragma once

#include <optional>
#include <string>

#include "cli/held_messages.h"
#include "core/clock.h"
#include "core/envelope.h"

namespace pistachio::cli {

/// What became of a message that was handed over.
struct Handed {
  enum class Fate {
    read,     ///< it has arrived: to be settled
    refused,  ///< it has not: to be released, uncounted
    failed,   ///< it was tried and failed: again after `hidden`
    dead,     ///< it was tried and will never work
  };
  Fate fate = Fate::read;
  Duration hidden = Duration::zero();
  /// Present: listening ends with this status.
  std::optional<int> end = std::nullopt;
  std::string why = {};  ///< a line for people; empty: nothing to say
};

/// Whoever a listener listens for: the reader of its output, or a command that is run for each
/// message.
class Recipient {
 public:
  virtual ~Recipient() = default;

  /// Hands one message over and returns when its fate is known. All waiting is done by
  /// `held.wait()`, which keeps the leases meanwhile.
  virtual Handed hand(const Envelope& message, HeldMessages& held) = 0;

  /// True when nothing can be handed over any more: it has gone.
  virtual bool gone() const = 0;
};

}  // namespace pistachio::cli
