#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace pistachio {

// What has to happen in one piece inside Redis, as Lua scripts. Each is called by its SHA1 and uses
// only keys of one endpoint, so that all of them also run in a cluster.
//
// Rules that every script keeps, because Redis does not roll a failed script back:
//   * The type of every key is looked at before the first write: a key that somebody else made
//     something of stops the script while nothing has happened. Claims, which must be fast, try,
//     and put the message back when a write fails.
//   * The first write is one that a Redis which is out of memory allows (LPOP, HDEL, ZREM); what
//     follows in the same script is then allowed, too. So a full Redis can be emptied.
//   * What is left in the list and in :retry is looked at after the last write to them, in the
//     scripts that listeners wait on: that is what makes Redis ring when it changes.
//   * The time is an argument, in milliseconds on Redis' clock.
//   * An entry that cannot be read becomes a dead letter; it never fails a script twice.

enum class RedisScript : std::size_t {
  claim,      ///< takes messages under a lease; moves what is due when there is nothing else
  tick,       ///< moves what is due: delays, leases that have ended
  push,       ///< what a plain RPUSH cannot: delays, idempotency keys, --max-queued
  give_back,  ///< ends a lease
  purge,
  peek,
  redrive,
  counts,
};
inline constexpr std::size_t kRedisScripts = 8;

/// What each script says and what Redis calls it.
struct RedisScriptText {
  std::string source;
  std::string sha1;  ///< 40 hexadecimal digits
};

/// Made once, at the first call; any thread.
const std::array<RedisScriptText, kRedisScripts>& redis_scripts();

/// The length of what stands between the first letter of a member of :delay and its element.
inline constexpr std::size_t kDelayIdLength = 40;

}  // namespace pistachio
