#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.h"

namespace pistachio::cli {

/// Cuts a stream of lines into batches of whole lines, in constant memory, and as they come: what a
/// slow source has said so far is a batch, so that `tail -f log | pistachio push --lines` is live.
class LineBatches {
 public:
  static constexpr std::size_t kMostLines = 1000;         ///< a batch is taken whole or not at all
  static constexpr std::size_t kEnoughBytes = 256 << 10;  ///< then it is sent
  static constexpr std::size_t kLongestLine = 64 << 20;

  /// Reads `descriptor`, which stays the caller's.
  explicit LineBatches(int descriptor) : descriptor_(descriptor) {}

  /// The next batch: whole lines, but for a last one without a newline. Empty at the end. Valid
  /// until the next call. Errc::bad_argument when reading fails or a line is longer than
  /// kLongestLine.
  Expected<std::string_view> next();

  /// Lines in the batches before the present one, and in it.
  std::size_t lines_before() const { return lines_before_; }
  std::size_t lines() const { return lines_; }

  /// Bytes in all batches so far.
  std::size_t bytes() const { return bytes_; }

 private:
  Expected<bool> read_more();

  const int descriptor_;
  std::string buffer_;
  std::size_t used_ = 0;     // of the buffer: the present batch
  std::size_t scanned_ = 0;  // of the buffer, from its start: looked at for newlines
  bool ended_ = false;
  std::size_t lines_before_ = 0;
  std::size_t lines_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace pistachio::cli
