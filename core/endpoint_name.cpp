#include "core/endpoint_name.h"

#include <algorithm>
#include <cassert>

namespace pistachio {
namespace {

constexpr std::string_view kDeadSuffix = ".dead";

// Locale-free on purpose: std::isalnum would let bytes above 127 in under some locales.
bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

bool ends_dead(std::string_view text) {
  return text.size() > kDeadSuffix.size() && text.ends_with(kDeadSuffix);
}

tl::unexpected<Error> bad(std::string_view why) {
  return failure(
      Errc::bad_name,
      "bad endpoint name: " + std::string(why) +
          "; a name is 1 to 128 characters of A-Z a-z 0-9 _ - . and does not start with a dot");
}

}  // namespace

Expected<EndpointName> EndpointName::parse(std::string_view text) {
  if (text.empty()) return bad("it is empty");
  if (text.size() > kMaxLength) return bad("it has " + std::to_string(text.size()) + " characters");
  if (text.front() == '.') return bad("it starts with a dot");
  const auto wrong = std::find_if_not(text.begin(), text.end(), is_name_character);
  if (wrong != text.end()) {
    return bad("character " + std::to_string(wrong - text.begin() + 1) + " is not allowed");
  }
  if (ends_dead(text) && ends_dead(text.substr(0, text.size() - kDeadSuffix.size()))) {
    return bad("dead letters have no dead letters of their own (.dead.dead)");
  }
  return EndpointName(std::string(text));
}

bool EndpointName::is_dead() const { return ends_dead(text_); }

EndpointName EndpointName::dead() const {
  assert(!is_dead());
  return EndpointName(text_ + std::string(kDeadSuffix));
}

EndpointName EndpointName::alive() const {
  assert(is_dead());
  return EndpointName(text_.substr(0, text_.size() - kDeadSuffix.size()));
}

}  // namespace pistachio
