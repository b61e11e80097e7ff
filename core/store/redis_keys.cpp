#include "core/store/redis_keys.h"

namespace pistachio {
namespace {

constexpr std::string_view kDead = "dead";

// What SCAN's MATCH takes literally.
std::string glob_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == '^') out += '\\';
    out += c;
  }
  return out;
}

std::string joined(const RedisKeys::Pieces& pieces) {
  std::string key;
  for (const std::string_view piece : pieces) key += piece;
  return key;
}

// Of whose dead letters it has the name.
std::string_view alive(const EndpointName& dead) {
  return std::string_view(dead.text()).substr(0, dead.text().size() - 1 - kDead.size());
}

}  // namespace

RedisKeys::RedisKeys(std::string_view name_space)
    : prefix_(name_space.empty() ? "" : std::string(name_space) + ":") {}

Expected<std::string> RedisKeys::check(std::string_view name_space) {
  if (name_space.find_first_of("{}") != std::string_view::npos) {
    return failure(Errc::bad_argument, "--namespace is '" + std::string(name_space) +
                                           "': a brace in it would tear the Redis keys of an "
                                           "endpoint apart; choose one without { and }");
  }
  return std::string(name_space);
}

RedisKeys::Pieces RedisKeys::list_pieces(const EndpointName& endpoint) const {
  if (endpoint.is_dead()) return {"{", prefix_, alive(endpoint), "}:", kDead};
  return {prefix_, endpoint.text()};
}

RedisKeys::Pieces RedisKeys::pieces_beside(const EndpointName& endpoint,
                                           std::string_view what) const {
  if (endpoint.is_dead()) return {"{", prefix_, alive(endpoint), "}:dead:", what};
  return {"{", prefix_, endpoint.text(), "}:", what};
}

std::string RedisKeys::list(const EndpointName& endpoint) const {
  return joined(list_pieces(endpoint));
}

std::string RedisKeys::beside(const EndpointName& endpoint, std::string_view what) const {
  return joined(pieces_beside(endpoint, what));
}

std::optional<RedisKeys::Parsed> RedisKeys::parse(std::string_view key) const {
  const bool beside = key.starts_with('{');
  if (beside) key.remove_prefix(1);
  if (!key.starts_with(prefix_)) return std::nullopt;
  key.remove_prefix(prefix_.size());
  const auto named = [](std::string_view name, std::string_view what) -> std::optional<Parsed> {
    auto endpoint = EndpointName::parse(name);
    if (!endpoint || endpoint->is_dead()) return std::nullopt;
    return Parsed{*std::move(endpoint), what};
  };
  if (!beside) return named(key, {});
  const auto end = key.find("}:");
  if (end == std::string_view::npos) return std::nullopt;
  auto parsed = named(key.substr(0, end), key.substr(end + 2));
  if (!parsed || !parsed->what.starts_with(kDead)) return parsed;
  parsed->endpoint = parsed->endpoint.dead();
  parsed->what.remove_prefix(kDead.size());
  if (parsed->what.starts_with(':')) {
    parsed->what.remove_prefix(1);
  } else if (!parsed->what.empty()) {
    return std::nullopt;
  }
  return parsed;
}

std::string RedisKeys::list_pattern() const { return glob_escaped(prefix_) + "*"; }

std::string RedisKeys::beside_pattern() const { return "{" + glob_escaped(prefix_) + "*}:*"; }

}  // namespace pistachio
