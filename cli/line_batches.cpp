#include "cli/line_batches.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pistachio::cli {

Expected<bool> LineBatches::read_more() {
  if (buffer_.size() > kLongestLine) {
    return failure(Errc::bad_argument,
                   "line " + std::to_string(lines_before_ + 1) + " is longer than 64 MiB");
  }
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kEnoughBytes);
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, buffer_.data() + held, kEnoughBytes);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0) {
    return failure(Errc::bad_argument,
                   std::string("cannot read the input: ") + std::strerror(errno));
  }
  ended_ = got == 0;
  return true;
}

Expected<std::string_view> LineBatches::next() {
  buffer_.erase(0, used_);
  lines_before_ += lines_;
  used_ = 0;
  scanned_ = 0;
  lines_ = 0;
  for (;;) {
    // Take the lines that are there, up to a batch.
    while (lines_ < kMostLines && used_ < kEnoughBytes && scanned_ < buffer_.size()) {
      const auto newline = buffer_.find('\n', scanned_);
      scanned_ = newline == std::string::npos ? buffer_.size() : newline + 1;
      if (newline == std::string::npos) break;
      used_ = scanned_;
      ++lines_;
    }
    if (lines_ > 0 || ended_) break;
    if (const auto read = read_more(); !read) return tl::make_unexpected(read.error());
  }
  if (lines_ == 0 && !buffer_.empty()) {
    used_ = buffer_.size();
    lines_ = 1;
  }
  bytes_ += used_;
  return std::string_view(buffer_).substr(0, used_);
}

}  // namespace pistachio::cli
