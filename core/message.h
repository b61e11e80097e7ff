#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/receipt.h"

namespace pistachio {

/// A message on its way into a store. Owns its bytes.
struct NewMessage {
  std::string body;                            ///< opaque: any bytes, none included
  std::string content_type;                    ///< empty: none was given (text/plain on delivery)
  Duration delay = Duration::zero();           ///< hidden for so long first
  std::optional<Duration> ttl = std::nullopt;  ///< dropped if nobody took it within this
};

/// A message as a store shows it. The views are the store's: valid until the callback that got them
/// returns.
struct MessageView {
  std::string id;  ///< the store's own; ascending decimal numbers in memory and file
  std::string_view body;
  std::string_view content_type;  ///< empty: none was given
  /// In a delivery: which one this is, from 1. In a peek: the deliveries that were counted so far,
  /// and for a leased message the one that is under way.
  std::uint32_t attempt = 0;
  std::optional<Duration> age;  ///< since the push, where the store knows it
};

/// One delivery: a message that belongs to whoever holds `receipt` until it is settled, given back
/// or its lease ends.
struct Delivered {
  Receipt receipt;
  MessageView message;
};

enum class MessageState : std::uint8_t { queued, delayed, leased };

struct Peeked {
  MessageView message;
  MessageState state = MessageState::queued;
};

}  // namespace pistachio
