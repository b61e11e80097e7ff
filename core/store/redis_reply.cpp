#include "core/store/redis_reply.h"

#include <hiredis/hiredis.h>

#include <charconv>

namespace pistachio {

bool RedisValue::is_error() const { return reply_ != nullptr && reply_->type == REDIS_REPLY_ERROR; }

bool RedisValue::is_nil() const { return reply_ == nullptr || reply_->type == REDIS_REPLY_NIL; }

std::string_view RedisValue::text() const {
  if (reply_ == nullptr || reply_->str == nullptr) return {};
  const bool has_text = reply_->type == REDIS_REPLY_STRING || reply_->type == REDIS_REPLY_STATUS ||
                        reply_->type == REDIS_REPLY_ERROR;
  return has_text ? std::string_view(reply_->str, reply_->len) : std::string_view();
}

std::int64_t RedisValue::integer() const {
  if (reply_ == nullptr) return 0;
  if (reply_->type == REDIS_REPLY_INTEGER) return reply_->integer;
  std::int64_t value = 0;
  const std::string_view digits = text();
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::size_t RedisValue::size() const {
  return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY ? reply_->elements : 0;
}

RedisValue RedisValue::operator[](std::size_t i) const {
  return RedisValue(i < size() ? reply_->element[i] : nullptr);
}

void RedisReply::Free::operator()(redisReply* reply) const { freeReplyObject(reply); }

}  // namespace pistachio
