#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/load/nanoseconds.h"

namespace pistachio::bench {

/// What every message carries about itself, as text of fixed width, so that loss, order,
/// duplicates and latency can be told from the message alone, and so that it can be found inside
/// any envelope:
///
///   LPM|run, 8 hex|endpoint, 6|publisher, 4|sequence, 10|sent at, 20|xxxx...#
struct Payload {
  static constexpr std::string_view kMarker = "LPM|";
  static constexpr std::size_t kSmallestSize = 58;
  static constexpr int kMaxEndpoints = 1'000'000;
  static constexpr int kMaxPublishers = 10'000;

  std::uint32_t run = 0;  ///< tells this run's messages from another's that were left behind
  int endpoint = 0;
  int publisher = 0;
  std::uint32_t sequence = 0;  ///< per endpoint and publisher, from 0, without gaps
  Nanoseconds sent_at = 0;

  /// Appends exactly `size` bytes, at least kSmallestSize.
  void append_to(std::string& out, std::size_t size) const;

  /// Reads a payload of `size` bytes at the front of `text`, which begins with the marker. Nothing
  /// when it is cut off or damaged.
  static std::optional<Payload> read(std::string_view text, std::size_t size);
};

}  // namespace pistachio::bench
