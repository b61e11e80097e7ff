#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pistachio {

// What a message is called inside Redis: an *element*, as it stands in the list. It is the body,
// byte for byte, so that other programs may push and take it; unless the message has more to carry
// than a body, or its body begins as if it had. Then it is NUL "pst1", a JSON object of strings, a
// newline and the body:
//
//   \0pst1{"type":"text/html","expires":"1790000000000","id":"x-17"}\n<p>…
//
// What begins so but does not go on so was pushed by somebody else and is a body.
//
// An *entry* is an element with what became of it, as leases, retries and dead letters keep it:
// id:attempts:element.

/// Begins every element that is not just a body.
inline constexpr std::string_view kElementMark("\0pst1", 5);

/// A message taken apart. The views are of the text that was parsed.
struct RedisElement {
  std::string_view body;
  std::string type;  ///< empty: none
  std::string id;    ///< empty: none of its own

  static RedisElement parse(std::string_view element);
};

/// The element of a message. `expires`: milliseconds since 1970 on Redis' clock.
std::string redis_element(std::string_view body, std::string_view type,
                          std::optional<std::int64_t> expires);

/// An entry taken apart. The views are of the text that was parsed.
struct RedisEntry {
  std::string_view id;  ///< empty: it has none yet
  std::uint32_t attempts = 0;
  std::string_view element;

  /// Nothing when `entry` is none.
  static std::optional<RedisEntry> parse(std::string_view entry);
};

}  // namespace pistachio
