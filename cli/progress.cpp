#include "cli/progress.h"

#include <algorithm>
#include <ostream>
#include <string>

namespace pistachio::cli {
namespace {

constexpr Duration kEvery(100);
constexpr std::size_t kBarWidth = 30;

// "12.3 MiB"
std::string size_text(std::size_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  std::size_t tenths = bytes * 10;
  while (tenths >= 10240 && unit < 3) {
    tenths /= 1024;
    ++unit;
  }
  std::string text = std::to_string(tenths / 10);
  if (unit > 0) text += "." + std::to_string(tenths % 10);
  return text + " " + kUnits[unit];
}

}  // namespace

Progress::Progress(std::ostream& err, bool is_terminal, std::size_t total)
    : err_(err), is_terminal_(is_terminal), total_(total) {}

void Progress::show(std::size_t messages, std::size_t bytes, TimePoint now) {
  if (!is_terminal_ || now < next_) return;
  next_ = now + kEvery;
  shown_ = true;
  std::string line = "\r";
  if (total_ > 0) {
    const std::size_t percent = std::min<std::size_t>(bytes * 100 / total_, 100);
    const std::size_t full = percent * kBarWidth / 100;
    line += "[" + std::string(full, '#') + std::string(kBarWidth - full, ' ') + "] " +
            std::to_string(percent) + " %  ";
  }
  line += std::to_string(messages) + " messages, " + size_text(bytes) + "\033[K";
  err_ << line << std::flush;
}

void Progress::clear() {
  if (shown_) err_ << "\r\033[K" << std::flush;
  shown_ = false;
}

}  // namespace pistachio::cli
