#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/receipt.h"
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
    RedisCommand command{};
    command.words_.reserve(kCallLength);
    command.add("EVALSHA").add(redis_scripts()[static_cast<std::size_t>(script)].sha1);
    command.add_number(static_cast<std::int64_t>(keys));
    command.script_ = script;
    return command;
  }

  RedisCommand& add(std::string_view word) {
    begin_word(word.size());
    words_.append(word).append("\r\n", 2);
    return *this;
  }
  RedisCommand& add(const Receipt& receipt) {
    std::array<char, Receipt::kTextLength> text;
    receipt.write(text.data());
    return add(std::string_view(text.data(), text.size()));
  }
  /// One word, of `pieces`.
  RedisCommand& add_pieces(std::span<const std::string_view> pieces) {
    std::size_t size = 0;
    for (const std::string_view piece : pieces) size += piece.size();
    begin_word(size);
    for (const std::string_view piece : pieces) words_.append(piece);
    words_.append("\r\n", 2);
    return *this;
  }
  RedisCommand& add_number(std::int64_t number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    return add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }

  /// What it calls, if it is a call.
  std::optional<RedisScript> script() const { return script_; }

  void write_to(std::string& out) const {
    char head[24] = "*";
    char* const end = std::to_chars(head + 1, head + sizeof(head), count_).ptr;
    out.append(head, static_cast<std::size_t>(end - head)).append("\r\n", 2).append(words_);
  }

 private:
  static constexpr std::size_t kCallLength = 500;  // of a claim with names of the usual length

  void begin_word(std::size_t size) {
    char head[24] = "$";
    char* end = std::to_chars(head + 1, head + sizeof(head) - 2, size).ptr;
    *end++ = '\r';
    *end++ = '\n';
    words_.append(head, static_cast<std::size_t>(end - head));
    ++count_;
  }

  std::string words_;
  std::size_t count_ = 0;
  std::optional<RedisScript> script_;
};

}  // namespace pistachio
