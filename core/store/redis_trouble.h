#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace pistachio {

/// What an error that Redis answers means to us.
struct RedisTrouble {
  Errc code = Errc::unavailable;
  std::string what;         ///< with what would be right, where we know; goes on after "…: "
  bool heals = true;        ///< waiting may help
  bool is_replica = false;  ///< it does not take writes: what we are connected to is no master
  /// It says so to whatever is asked of it, and nothing of it was done: as good as not there.
  bool is_away = false;

  /// `text` as Redis sent it: "WRONGTYPE Operation against …".
  static RedisTrouble of(std::string_view text);
};

}  // namespace pistachio
