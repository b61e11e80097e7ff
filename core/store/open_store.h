#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "core/severity.h"
#include "core/store/store.h"

struct uv_loop_s;

namespace pistachio {

/// A store that can be used, and the words that name it in the line that tells of the start
/// ("memory:", "file:/var/lib/pistachio", "redis://localhost:6379").
struct OpenedStore {
  std::unique_ptr<Store> store;
  std::string shown;
};

/// What a store is opened with beside its URL. memory: needs only the first.
struct OpenOptions {
  StoreOptions store = {};
  std::string name_space = {};       ///< before the names of endpoints in the store
  std::uint64_t max_store_size = 0;  ///< bytes of the database; 0: what the disk has
  std::size_t memory_budget = 256u
                              << 20;  ///< bytes of messages in memory, when a file has them, too
  TimePoint now = {};                 ///< of the loop …
  WallTime wall_now = {};             ///< … and on the wall, at the same moment
  std::function<void()> wake = {};    ///< called on another thread whenever run() should be
  /// Redis only: the loop that the store's connections are in. It must outlive the store and turn
  /// once more after it has gone.
  uv_loop_s* loop = nullptr;
  /// Redis only: the longest that a poll waits.
  Duration longest_wait = std::chrono::hours(1);
  /// Told, on the loop's thread, what a person should know of the store's disk or Redis.
  Report report = {};
};

/// Opens what `url` names: "memory:", "file:DIRECTORY" or one that RedisAddress reads. The error
/// says which URLs there are, or why this one cannot be opened. A Redis is waited for while it
/// loads its data, for some seconds; `loop` turns meanwhile.
Expected<OpenedStore> open_store(std::string_view url, OpenOptions options);

}  // namespace pistachio
