#pragma once

#include <cstdint>

#include "core/api/api.h"

namespace pistachio {

/// What must be known of a request when its answer is written, packed into the 64 bits that a
/// waiting connection has for it: fifteen thousand parked polls must not cost fifteen thousand
/// allocations.
struct Api::PollNote {
 public:
  explicit PollNote(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits() const { return bits_; }

  /// See Cors::number().
  std::uint8_t origin() const { return static_cast<std::uint8_t>(bits_ & 0xff); }
  PollNote with_origin(std::uint8_t origin) const {
    return PollNote((bits_ & ~std::uint64_t{0xff}) | origin);
  }

  bool lines() const { return has(kLines); }            ///< the answer is NDJSON
  bool empty_is_204() const { return has(kEmpty204); }  ///< empty=204
  bool several() const { return has(kSeveral); }        ///< several endpoints were named
  bool preferred() const { return has(kPreferred); }    ///< the wait came from Prefer
  Duration wait() const { return Duration(static_cast<std::int64_t>(bits_ >> 16)); }

  PollNote with_lines(bool on) const { return with(kLines, on); }
  PollNote with_empty_204(bool on) const { return with(kEmpty204, on); }
  PollNote with_several(bool on) const { return with(kSeveral, on); }
  /// `wait` must fit 48 bits of milliseconds: it was cut to --timeout.
  PollNote with_preferred(Duration wait) const {
    return PollNote((bits_ & 0xffff) | kPreferred | static_cast<std::uint64_t>(wait.count()) << 16);
  }

 private:
  static constexpr std::uint64_t kLines = 1u << 8;
  static constexpr std::uint64_t kEmpty204 = 1u << 9;
  static constexpr std::uint64_t kSeveral = 1u << 10;
  static constexpr std::uint64_t kPreferred = 1u << 11;

  bool has(std::uint64_t flag) const { return (bits_ & flag) != 0; }
  PollNote with(std::uint64_t flag, bool on) const {
    return PollNote(on ? bits_ | flag : bits_ & ~flag);
  }

  std::uint64_t bits_;
};

}  // namespace pistachio
