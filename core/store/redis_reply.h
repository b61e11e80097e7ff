#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

struct redisReply;

namespace pistachio {

/// What Redis answered, or a part of it. A view: valid as long as the RedisReply it came from.
/// Asked for what it is not, it says "" or 0: an answer of another shape than expected is one from
/// something that is not quite Redis, and must not end the process.
class RedisValue {
 public:
  explicit RedisValue(const redisReply* reply) : reply_(reply) {}

  bool is_error() const;
  bool is_nil() const;
  /// Of a string, a status or an error.
  std::string_view text() const;
  /// Of an integer, or of a string of digits.
  std::int64_t integer() const;
  /// Of an array; 0 for all else.
  std::size_t size() const;
  /// `i` may be past the end: nil.
  RedisValue operator[](std::size_t i) const;

 private:
  const redisReply* reply_;
};

/// Owns an answer.
class RedisReply {
 public:
  explicit RedisReply(redisReply* reply) : reply_(reply) {}
  RedisValue value() const { return RedisValue(reply_.get()); }

 private:
  struct Free {
    void operator()(redisReply* reply) const;
  };
  std::unique_ptr<redisReply, Free> reply_;
};

}  // namespace pistachio
