#pragma once

#include <cstddef>
#include <iosfwd>

#include "core/clock.h"

namespace pistachio::cli {

/// One line on a terminal that says how far something is, rewritten in place at most ten times a
/// second and wiped in the end. Where there is no terminal it is silent.
class Progress {
 public:
  /// `total` bytes are expected; 0: nobody knows. `err` must outlive it.
  Progress(std::ostream& err, bool is_terminal, std::size_t total);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::size_t messages, std::size_t bytes, TimePoint now);

  /// Wipes the line, so that something else can be said.
  void clear();

 private:
  std::ostream& err_;
  const bool is_terminal_;
  const std::size_t total_;
  TimePoint next_;
  bool shown_ = false;
};

}  // namespace pistachio::cli
