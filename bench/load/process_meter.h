#pragma once

#include <cstdint>
#include <vector>

#include "bench/load/nanoseconds.h"

namespace pistachio::bench {

/// What processes have used so far, and how many they are.
struct Usage {
  Nanoseconds cpu = 0;      ///< on a CPU, from schedstat: exact, not in ticks
  Nanoseconds waiting = 0;  ///< ready to run while the CPU was another's
  double user_seconds = 0;  ///< in clock ticks of 10 ms
  double system_seconds = 0;
  int threads = 0;
  int processes = 0;
};

/// kB. `pss` counts memory shared with other processes by its share.
struct Memory {
  std::int64_t rss = 0;
  std::int64_t pss = 0;
};

/// Reads from /proc what the server under load uses: the given processes and all their descendants,
/// which are looked up again each time, since servers fork. Processes that end in between are left
/// out. Linux only.
class ProcessMeter {
 public:
  explicit ProcessMeter(std::vector<int> roots) : roots_(std::move(roots)) {}

  bool has_processes() const { return !roots_.empty(); }
  Usage usage() const;
  Memory memory() const;

 private:
  std::vector<int> with_descendants() const;

  std::vector<int> roots_;
};

/// kB of kernel memory in slabs, both ends of all connections included.
std::int64_t kernel_slab_kb();

/// kB that all TCP sockets of this machine buffer.
std::int64_t tcp_memory_kb();

/// What the generator itself has used of CPU: it must not be the bottleneck.
Usage own_usage();

}  // namespace pistachio::bench
