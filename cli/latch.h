#pragma once

#include <array>
#include <atomic>

namespace pistachio::cli {

/// A switch that is set once and never reset, and a descriptor that poll() finds readable from then
/// on: for a thread that must not miss it while it waits for something else. May be set from any
/// thread. Throws std::runtime_error when there are no descriptors left.
class Latch {
 public:
  Latch();
  ~Latch();
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void set();
  bool is_set() const { return set_; }
  int descriptor() const { return pipe_[0]; }

 private:
  std::atomic<bool> set_ = false;
  std::array<int, 2> pipe_{};
};

}  // namespace pistachio::cli
