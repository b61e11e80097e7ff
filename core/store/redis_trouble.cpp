#include "core/store/redis_trouble.h"

#include <algorithm>
#include <iterator>

namespace pistachio {
namespace {

struct Row {
  std::string_view word;
  Errc code;
  bool heals;
  std::string_view advice;
};

// The word is looked for at the start, and where older versions put the error of a script.
constexpr Row kRows[] = {
    {"OOM", Errc::storage_full, true,
     "Redis is out of memory (maxmemory); take messages, or give it more"},
    {"MISCONF", Errc::storage_full, true,
     "Redis cannot write its snapshot to disk and takes nothing until it can"},
    {"WRONGTYPE", Errc::unavailable, true,
     "another program keeps something else under a Redis key of this endpoint; rename or delete "
     "that key"},
    {"READONLY", Errc::unavailable, true, "it is a replica, which cannot be written to"},
    {"LOADING", Errc::unavailable, true, "Redis is still loading its data"},
    {"BUSY", Errc::unavailable, true, "Redis is busy with somebody's script"},
    {"MASTERDOWN", Errc::unavailable, true, "it is a replica that has lost its master"},
    {"NOAUTH", Errc::unavailable, false,
     "Redis asks for a password; put it into the URL, redis://:PASSWORD@HOST, or "
     "redis://USER:PASSWORD@HOST"},
    {"WRONGPASS", Errc::unavailable, false,
     "Redis does not know this user with this password (WRONGPASS)"},
    {"ERR invalid password", Errc::unavailable, false, "Redis does not know this password"},
    {"ERR AUTH", Errc::unavailable, false,
     "the URL has a password but this Redis has none; leave it out"},
    {"ERR Client sent AUTH", Errc::unavailable, false,
     "the URL has a password but this Redis has none; leave it out"},
    {"NOPERM", Errc::unavailable, false,
     "the Redis user may not do what pistachio must; see the ACL rules in the manual"},
    // What Redis 7.0 says where others say NOPERM: of a command or a key within a script.
    {"ERR The user executing the script can't", Errc::unavailable, false,
     "the Redis user may not do what pistachio must; see the ACL rules in the manual"},
    {"DENIED", Errc::unavailable, false,
     "Redis is in protected mode and takes connections from its own machine only; give it a "
     "password, or bind it to an address and turn protected-mode off"},
    {"ERR DB index", Errc::unavailable, false,
     "this Redis has no database of that number (SELECT)"},
    {"ERR invalid DB", Errc::unavailable, false,
     "this Redis has no database of that number (SELECT)"},
    {"ERR SELECT is not allowed", Errc::unavailable, false, "this Redis has only database 0"},
    {"MOVED", Errc::unsupported, false,
     "it is a node of a Redis Cluster, which is not supported yet; name one Redis server"},
    {"ASK", Errc::unsupported, false,
     "it is a node of a Redis Cluster, which is not supported yet; name one Redis server"},
    {"CLUSTERDOWN", Errc::unsupported, false,
     "it is a node of a Redis Cluster, which is not supported yet; name one Redis server"},
    {"ERR max number of clients", Errc::unavailable, true,
     "Redis has as many connections as it may (maxclients)"},
    {"ERR unknown command", Errc::unavailable, false,
     "it does not know a command that Redis 6.2 has; is it a Redis?"},
};

constexpr std::string_view kAway[] = {"READONLY", "MASTERDOWN", "LOADING", "BUSY"};

}  // namespace

RedisTrouble RedisTrouble::of(std::string_view text) {
  for (const Row& row : kRows) {
    const bool inside = text.find(" -" + std::string(row.word) + " ") != std::string_view::npos;
    if (!inside && !text.starts_with(row.word)) continue;
    return {.code = row.code,
            .what = std::string(row.advice) + " (" + std::string(text.substr(0, 80)) + ")",
            .heals = row.heals,
            .is_replica = row.word == "READONLY" || row.word == "MASTERDOWN",
            .is_away = std::find(std::begin(kAway), std::end(kAway), row.word) != std::end(kAway)};
  }
  return {.code = Errc::unavailable, .what = "Redis says: " + std::string(text.substr(0, 200))};
}

}  // namespace pistachio
