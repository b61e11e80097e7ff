#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "bench/load/nanoseconds.h"

namespace pistachio::bench {

/// Keeps at most so many messages of each endpoint under way, and says, round robin, where the next
/// one may go: what makes `pump` a closed loop that neither starves nor floods the server.
class Window {
 public:
  Window(int endpoints, int limit);

  /// From now on every endpoint with room is offered by take().
  void open();
  void close() { open_ = false; }

  /// The next endpoint with room; it is offered again after sent().
  std::optional<int> take();

  void sent(int endpoint, int count, Nanoseconds at);
  void arrived(int endpoint, Nanoseconds at);

  /// The push of `count` messages failed.
  void refused(int endpoint, int count);

  int under_way(int endpoint) const { return endpoints_[static_cast<std::size_t>(endpoint)].count; }

  /// Full endpoints where nothing has moved for `silence` are counted as empty: what a server has
  /// lost must not block its endpoint for good. Looks at most every 50 ms.
  void reclaim(Nanoseconds silence, Nanoseconds at);
  std::uint64_t reclaimed() const { return reclaimed_; }

 private:
  struct Endpoint {
    int count = 0;
    bool offered = false;  // it is in ready_
    Nanoseconds moved_at = 0;
  };

  void take_back(int endpoint, int count);
  void offer(int endpoint);

  int limit_;
  bool open_ = false;
  std::vector<Endpoint> endpoints_;
  std::deque<int> ready_;
  Nanoseconds looked_at_ = 0;
  std::uint64_t reclaimed_ = 0;
};

}  // namespace pistachio::bench
