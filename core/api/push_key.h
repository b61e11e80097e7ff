#pragma once

#include <string>
#include <string_view>

#include "core/message.h"

namespace pistachio {

// What a store is given of an idempotency key (PROTOCOL section 4): digests, so that a key of 255
// bytes or a body of a megabyte costs it no more than a short one. The same for all who push, so
// that a retry by another way is still a retry.

/// Of what the client called the key.
std::string push_key(std::string_view key);

/// Of everything that the key covers: how the body is split ("" for not at all), what holds for all
/// of its messages, and the body.
std::string push_fingerprint(std::string_view split, const NewMessage& defaults,
                             std::string_view body);

}  // namespace pistachio
