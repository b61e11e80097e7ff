#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace pistachio {

// What has to happen in one piece inside Redis, as Lua scripts. Each is called by its SHA1 and uses
// only keys of one endpoint, which are in one slot, so that all of them also run in a cluster.
//
// Rules that every script keeps, because Redis does not roll a failed script back:
//   * The type of every key is looked at before the first write that needs it: a key that somebody
//     else made something of stops what needs it while nothing of that has happened, and nothing
//     else. Claims, which must be fast, try, and put the message back when a write fails.
//   * The first write is one that a Redis which is out of memory allows (LPOP, HDEL, ZREM), if only
//     of nothing; what follows in the same script is then allowed, too. So a full Redis can be
//     emptied.
//   * Save in claims, what moves is put where it goes before it is taken from where it was:
//     whatever stops the script (an ACL, say) loses nothing. What is taken out in the end is tried
//     first, on nothing, so that nothing is put there again and again either.
//   * Who waits, waits for a change of the list, and of nothing else: Redis keeps 125 bytes for
//     each key that it is to ring for. claim looks at the list after its last write to it, which
//     is what makes Redis ring; a script that writes to :retry changes the list, too.
//   * The time is an argument, in milliseconds on Redis' clock.
//   * An entry that cannot be read becomes a dead letter; it never fails a script twice.

enum class RedisScript : std::size_t {
  claim,      ///< takes messages under a lease
  tick,       ///< moves what is due: delays, leases that have ended
  push,       ///< what a plain RPUSH cannot: delays, idempotency keys, --max-queued
  give_back,  ///< ends a lease
  extend,     ///< says when leases end
  purge,
  peek,
  redrive,
  counts,
  raise,  ///< puts what nobody takes out of :retry where other programs see it
};
inline constexpr std::size_t kRedisScripts = 10;

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
