#pragma once

#include <random>

#include "bench/load/options.h"
#include "bench/load/traffic.h"
#include "bench/load/window.h"

namespace pistachio::bench {

/// Wakes parked polls, chosen at random, at a steady rate. What it is given must outlive it.
class Waker {
 public:
  Waker(const Options& options, Traffic& traffic, const Window& window);

  /// Sends all wakes of the options; gives up 20 s after the last was due. Never waits in the
  /// kernel: a timer's rounding would show in the latencies.
  void run();

  /// Wakes that left over a millisecond after their time: the generator was short of CPU.
  int late() const { return late_; }

 private:
  void wake(Nanoseconds due);
  const Connection* choose();

  const Options& options_;
  Traffic& traffic_;
  const Window& window_;
  std::minstd_rand random_;
  int sent_ = 0;
  int late_ = 0;
};

}  // namespace pistachio::bench
