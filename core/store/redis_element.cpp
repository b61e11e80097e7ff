#include "core/store/redis_element.h"

#include <algorithm>
#include <charconv>

#include "core/envelope.h"
#include "core/plain_json.h"

namespace pistachio {
namespace {

// Attempts have no more digits: they are counted on from there.
constexpr std::ptrdiff_t kMostDigits = 9;
constexpr std::size_t kMostId = 64;

// An id of ours, or one that might be. Other programs write here, too, and this will stand in the
// head of an HTTP answer.
bool is_id(std::string_view text) {
  return text.size() <= kMostId && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '_' || c == '-';
         });
}

// What is no id stands in a head, too.
bool is_field(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

}  // namespace

RedisElement RedisElement::parse(std::string_view element) {
  RedisElement plain{.body = element, .type = {}, .id = {}};
  if (!element.starts_with(kElementMark)) return plain;
  const auto end = element.find('\n');
  if (end == std::string_view::npos) return plain;
  RedisElement found{.body = element.substr(end + 1), .type = {}, .id = {}};
  PlainJson members(element.substr(kElementMark.size(), end - kElementMark.size()));
  while (members.next()) {
    if (members.name() == "type") found.type = members.value();
    if (members.name() == "id") found.id = members.value();
  }
  return members.is_whole() && is_field(found.type) && is_field(found.id) ? found : plain;
}

std::string redis_element(std::string_view body, std::string_view type,
                          std::optional<std::int64_t> expires) {
  if (type.empty() && !expires && !body.starts_with(kElementMark)) return std::string(body);
  std::string element(kElementMark);
  element += '{';
  if (!type.empty()) {
    element += "\"type\":";
    append_json_string(type, element);
  }
  if (expires) {
    if (!type.empty()) element += ',';
    element.append("\"expires\":\"").append(std::to_string(*expires)).append("\"");
  }
  return element.append("}\n").append(body);
}

std::optional<RedisEntry> RedisEntry::parse(std::string_view entry) {
  const auto first = entry.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = entry.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  RedisEntry found{.id = entry.substr(0, first), .element = entry.substr(second + 1)};
  const char* const digits = entry.data() + first + 1;
  const char* const end = entry.data() + second;
  const auto [stopped, error] = std::from_chars(digits, end, found.attempts);
  if (error != std::errc() || stopped != end || end - digits > kMostDigits || !is_id(found.id)) {
    return std::nullopt;
  }
  return found;
}

}  // namespace pistachio
