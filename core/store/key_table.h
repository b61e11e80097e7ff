#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/store/linear_table.h"

namespace pistachio {

/// The idempotency keys of the last kKeyLifetime and what their pushes came to. It cares for the
/// push only: what became of the messages changes nothing here.
class KeyTable {
 public:
  struct Entry {
    std::string text;            ///< endpoint, NUL, key: the scope; then the fingerprint
    std::size_t scope_size = 0;  ///< how much of it is the scope
    std::uint64_t first_id = 0;  ///< of `count` messages with ids in a row
    std::size_t count = 0;
    Deadline ends;
    Entry* next = nullptr;  ///< the table's
    bool removed = false;   ///< out of the table, though it stays in line until its time

    std::string_view scope() const { return std::string_view(text).substr(0, scope_size); }
    std::string_view endpoint() const { return scope().substr(0, scope().find('\0')); }
    std::string_view key() const { return scope().substr(endpoint().size() + 1); }
    std::string_view fingerprint() const { return std::string_view(text).substr(scope_size); }
  };

  /// Null when the key is not remembered for that endpoint. Valid until the next change.
  const Entry* find(const EndpointName& endpoint, const std::string& key) const;

  /// Remembers for kKeyLifetime from `now`, which must not be earlier than in any call before. The
  /// key must not be remembered already.
  const Entry& add(const EndpointName& endpoint, const std::string& key,
                   const std::string& fingerprint, std::uint64_t first_id, std::size_t count,
                   TimePoint now);

  /// Remembers one that a file had, until `ends`, which must not be earlier than in any call
  /// before.
  void restore(const EndpointName& endpoint, std::string_view key, std::string_view fingerprint,
               std::uint64_t first_id, std::size_t count, Deadline ends);

  /// Forgets one, which must be remembered, before its time.
  void remove(const Entry& entry);

  /// Forgets those whose time has come; true when there were any.
  bool forget_ended(TimePoint now);

  /// When the first ends.
  Deadline next() const;

  std::size_t size() const { return table_.size(); }
  std::size_t buckets() const { return table_.buckets(); }

 private:
  struct Hash {
    std::size_t operator()(const Entry& entry) const;
  };

  // All live equally long, so they end in the order in which they came. A deque does not move its
  // elements while they come at one end and go at the other.
  std::deque<Entry> entries_;
  LinearTable<Entry, &Entry::next, Hash> table_;
};

}  // namespace pistachio
