#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pistachio {

/// A hash of text that strangers choose (endpoint names, idempotency keys). SipHash-1-3 (Aumasson
/// and Bernstein, "SipHash: a fast short-input PRF") under a key that this process drew at random,
/// so that nobody can send a million names which all fall into one bucket. Means nothing in another
/// process. Any thread. Throws std::runtime_error, at its first call, when the operating system
/// gives no randomness.
std::size_t keyed_hash(std::string_view text);

/// The same under a key that is given, for its test vectors.
std::size_t keyed_hash(std::string_view text, std::uint64_t key_low, std::uint64_t key_high);

}  // namespace pistachio
