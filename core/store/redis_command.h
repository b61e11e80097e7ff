#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/store/redis_scripts.h"

namespace pistachio {

/// A command on its way to Redis: its words, as they travel.
class RedisCommand {
 public:
  RedisCommand(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) add(word);
  }

  /// A call of `script` with `keys` keys; those and its arguments are to be added.
  static RedisCommand call(RedisScript script, std::size_t keys) {
    RedisCommand command{"EVALSHA", redis_scripts()[static_cast<std::size_t>(script)].sha1};
    command.add(std::to_string(keys));
    command.script_ = script;
    return command;
  }

  RedisCommand& add(std::string_view word) {
    words_.append("$").append(std::to_string(word.size())).append("\r\n");
    words_.append(word).append("\r\n");
    ++count_;
    return *this;
  }
  RedisCommand& add_number(std::int64_t number) { return add(std::to_string(number)); }

  /// What it calls, if it is a call.
  std::optional<RedisScript> script() const { return script_; }

  void write_to(std::string& out) const {
    out.append("*").append(std::to_string(count_)).append("\r\n").append(words_);
  }

 private:
  std::string words_;
  std::size_t count_ = 0;
  std::optional<RedisScript> script_;
};

}  // namespace pistachio
