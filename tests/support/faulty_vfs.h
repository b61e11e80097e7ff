#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

namespace pistachio {

/// A disk on which things go wrong when a case says so: a layer between SQLite and the system.
/// There is one; its name is given to a store as its `vfs`.
class FaultyDisk {
 public:
  static FaultyDisk& instance();
  static const char* name() { return "faulty"; }

  /// All is well from now on, and nothing waits.
  void heal();

  /// A file that is larger cannot grow: there is no room. 0: there is.
  std::atomic<long long> largest = 0;
  /// So many writes succeed, then all fail; negative: none does.
  std::atomic<int> writes_left = -1;
  /// So many syncs succeed, then all fail; negative: none does.
  std::atomic<int> syncs_left = -1;
  /// Reads fail.
  std::atomic<bool> unreadable = false;

  /// From now on a sync waits until open_gate().
  void close_gate();
  void open_gate();
  /// Blocks until a sync waits at the gate, for a few seconds at the most; false if none came.
  bool wait_for_sync_at_gate();

  void pass_gate();

 private:
  FaultyDisk();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  int waiting_ = 0;
};

}  // namespace pistachio
