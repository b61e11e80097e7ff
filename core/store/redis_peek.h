#pragma once

#include <span>
#include <vector>

#include "core/message.h"
#include "core/store/redis_element.h"
#include "core/store/redis_reply.h"

namespace pistachio {

/// What the peek script answered, as messages: first those that somebody has had, in the order in
/// which they were first taken, then those that are queued, then the delayed ones by when they are
/// due.
class RedisPeek {
 public:
  /// `answer` must outlive this. `entries`: the list is one of entries, that is of dead letters.
  RedisPeek(const RedisValue& answer, bool entries);

  /// As long as this lives.
  std::span<const Peeked> messages() const { return messages_; }

 private:
  std::vector<RedisElement> elements_;
  std::vector<Peeked> messages_;
};

}  // namespace pistachio
