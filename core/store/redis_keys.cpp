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

std::string RedisKeys::list(const EndpointName& endpoint) const {
  if (endpoint.is_dead()) return beside(endpoint.alive(), kDead);
  return prefix_ + endpoint.text();
}

std::string RedisKeys::beside(const EndpointName& endpoint, std::string_view what) const {
  std::string key = "{" + prefix_;
  if (endpoint.is_dead()) {
    key.append(endpoint.alive().text()).append("}:").append(kDead).append(":");
  } else {
    key.append(endpoint.text()).append("}:");
  }
  return key.append(what);
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
