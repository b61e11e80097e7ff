#include "core/endpoint_name.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace pistachio {
namespace {

constexpr std::string_view kDeadSuffix = ".dead";

// Locale-free on purpose: std::isalnum would let bytes above 127 in under some locales. A table,
// since every request names an endpoint.
constexpr std::array<bool, 256> make_name_characters() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_-.")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> kNameCharacters = make_name_characters();

bool ends_dead(std::string_view text) {
  return text.size() > kDeadSuffix.size() && text.ends_with(kDeadSuffix);
}

[[gnu::cold, gnu::noinline]] tl::unexpected<Error> bad(std::string_view why) {
  return failure(
      Errc::bad_name,
      "bad endpoint name: " + std::string(why) +
          "; a name is 1 to 128 characters of A-Z a-z 0-9 _ - . and does not start with a dot");
}

}  // namespace

std::size_t EndpointName::length_of_prefix(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) {
    if (!kNameCharacters[static_cast<unsigned char>(c)]) break;
    ++length;
  }
  return length;
}

Expected<EndpointName> EndpointName::parse(std::string_view text) {
  if (text.empty()) return bad("it is empty");
  if (text.size() > kMaxLength) return bad("it has " + std::to_string(text.size()) + " characters");
  if (text.front() == '.') return bad("it starts with a dot");
  if (const std::size_t right = length_of_prefix(text); right != text.size()) {
    return bad("character " + std::to_string(right + 1) + " is not allowed");
  }
  if (ends_dead(text) && ends_dead(text.substr(0, text.size() - kDeadSuffix.size()))) {
    return bad("dead letters have no dead letters of their own (.dead.dead)");
  }
  return Expected<EndpointName>(tl::in_place, Checked(), text);
}

bool EndpointName::is_dead() const { return ends_dead(text_); }

EndpointName EndpointName::dead() const {
  assert(!is_dead());
  return EndpointName(Checked(), text_ + std::string(kDeadSuffix));
}

EndpointName EndpointName::alive() const {
  assert(is_dead());
  return EndpointName(Checked(),
                      std::string_view(text_).substr(0, text_.size() - kDeadSuffix.size()));
}

}  // namespace pistachio
