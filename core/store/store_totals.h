#pragma once

#include <cstdint>

namespace pistachio {

/// What went through a store since it was made, over all endpoints, in messages. Nothing is lost:
///   pushed == queued + delayed + leased + settled + expired + purged
/// Dead letters are still queued, in their own endpoint; `dead` and `redriven` count the moves.
struct StoreTotals {
  std::uint64_t pushed = 0;
  std::uint64_t settled = 0;
  std::uint64_t expired = 0;  ///< dropped at the end of their ttl
  std::uint64_t purged = 0;   ///< by purge() and remove()
  std::uint64_t dead = 0;
  std::uint64_t redriven = 0;
  std::uint64_t queued = 0;  ///< as they stand now, like the two that follow
  std::uint64_t delayed = 0;
  std::uint64_t leased = 0;
};

}  // namespace pistachio
