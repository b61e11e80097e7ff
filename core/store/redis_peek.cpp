#include "core/store/redis_peek.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "core/store/redis_scripts.h"

namespace pistachio {
namespace {

struct Seen {
  int rank = 0;  // 0: somebody has had it, 1: queued, 2: delayed
  RedisEntry entry;
  MessageState state = MessageState::queued;
};

// `kind` as the script has it.
Seen seen(char kind, std::string_view text, bool entries) {
  const RedisEntry raw{.id = {}, .attempts = 0, .element = text};
  switch (kind) {
    case 'l': {
      RedisEntry entry = RedisEntry::parse(text).value_or(raw);
      ++entry.attempts;
      return {0, entry, MessageState::leased};
    }
    case 'r':
      return {0, RedisEntry::parse(text).value_or(raw), MessageState::queued};
    case 'd':
      if (text.starts_with('r')) {
        return {0, RedisEntry::parse(text.substr(1)).value_or(raw), MessageState::delayed};
      }
      if (text.size() > kDelayIdLength) {
        Seen found = seen('q', text.substr(1 + kDelayIdLength), entries);
        found.rank = 2;
        found.state = MessageState::delayed;
        return found;
      }
      return {2, raw, MessageState::delayed};
    default:
      return {1, entries ? RedisEntry::parse(text).value_or(raw) : raw, MessageState::queued};
  }
}

bool taken_before(const Seen& one, const Seen& other) {
  const auto key = [](const Seen& each) {
    return std::tuple(each.rank, each.rank == 0 ? each.entry.id.size() : 0,
                      each.rank == 0 ? each.entry.id : std::string_view());
  };
  return key(one) < key(other);
}

}  // namespace

RedisPeek::RedisPeek(const RedisValue& answer, bool entries) {
  std::vector<Seen> all;
  for (std::size_t i = 0; i + 1 < answer.size(); i += 2) {
    const std::string_view kind = answer[i].text();
    all.push_back(seen(kind.empty() ? 'q' : kind.front(), answer[i + 1].text(), entries));
  }
  std::stable_sort(all.begin(), all.end(), taken_before);
  elements_.reserve(all.size());  // the messages view them
  for (const Seen& each : all) {
    const RedisElement& element = elements_.emplace_back(RedisElement::parse(each.entry.element));
    messages_.push_back(
        {.message = {.id = each.entry.id.empty() ? element.id : std::string(each.entry.id),
                     .body = element.body,
                     .content_type = element.type,
                     .attempt = each.entry.attempts,
                     .age = std::nullopt},
         .state = each.state});
  }
}

}  // namespace pistachio
