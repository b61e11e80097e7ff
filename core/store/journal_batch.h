#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/store/payload.h"

namespace pistachio {

/// What is to be changed in the file in one transaction, and all the bytes that takes: whoever
/// writes it needs nothing else. Moments are milliseconds since 1970 on the wall clock.
struct JournalBatch {
  /// A part of `bytes`.
  struct Slice {
    std::size_t offset = 0;
    std::size_t size = 0;
  };

  struct Row {
    std::uint64_t id = 0;
    Slice endpoint;  ///< with its namespace
    std::uint64_t place = 0;
    std::uint64_t arrival = 0;
    std::uint32_t attempts = 0;
    std::int64_t pushed_at = 0;
    std::optional<std::int64_t> hidden_until;
    std::optional<std::int64_t> expires_at;
    bool whole =
        false;  ///< with its bytes, and whether or not there is a row; else a change of one
    Slice type;
    Slice body;
  };

  struct Key {
    std::int64_t ends_at = 0;
    Slice endpoint;  ///< with its namespace
    Slice key;
    Slice fingerprint;
    std::uint64_t first_id = 0;
    std::uint64_t count = 0;
  };

  struct Deleted {
    std::uint64_t id = 0;
    std::size_t body_size = 0;
  };

  std::vector<Deleted> deleted;  ///< messages, some of which may have no row
  std::vector<Row> rows;
  std::vector<Key> dead_keys;  ///< keys of pushes that failed; fingerprint and numbers unused
  std::vector<Key> keys;
  std::optional<std::int64_t> keys_ended;  ///< keys that ended until then are forgotten
  std::uint64_t reserved = 0;              ///< ids up to this may be given out; 0: as before
  std::string bytes;

  bool empty() const {
    return deleted.empty() && rows.empty() && dead_keys.empty() && keys.empty() && !keys_ended &&
           reserved == 0;
  }

  void clear() {
    deleted.clear();
    rows.clear();
    dead_keys.clear();
    keys.clear();
    keys_ended.reset();
    reserved = 0;
    bytes.clear();
  }

  Slice append(std::string_view text) {
    const Slice slice{bytes.size(), text.size()};
    bytes.append(text);
    return slice;
  }
  std::string_view text(Slice slice) const {
    return std::string_view(bytes).substr(slice.offset, slice.size);
  }
};

/// The bytes of messages, fetched from the file.
struct FetchedBodies {
  struct Each {
    std::uint64_t id;
    Payload payload;
  };
  std::vector<Each> found;
  std::optional<Error> error;  ///< those behind what was found could not be read
};

/// A message as the file has it, without its bytes. The views end with the call that gets it.
struct SavedMessage {
  std::uint64_t id = 0;
  std::string_view endpoint;  ///< without the namespace
  std::uint64_t place = 0;
  std::uint64_t arrival = 0;
  std::uint32_t attempts = 0;
  std::int64_t pushed_at = 0;
  std::optional<std::int64_t> hidden_until;
  std::optional<std::int64_t> expires_at;
  std::size_t type_size = 0;
  std::size_t body_size = 0;
};

/// An idempotency key as the file has it; views as above.
struct SavedKey {
  std::int64_t ends_at = 0;
  std::string_view endpoint;
  std::string_view key;
  std::string_view fingerprint;
  std::uint64_t first_id = 0;
  std::uint64_t count = 0;
};

}  // namespace pistachio
