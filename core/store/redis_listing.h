#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/store/redis_keys.h"
#include "core/store/redis_node.h"
#include "core/store/store.h"

namespace pistachio {

/// Answers list(): which endpoints there are comes from one SCAN of all keys, which all who ask
/// share and which runs only while somebody asks; their numbers are asked for anew each time.
class RedisListing {
 public:
  /// The references must outlive this. `age`: how old the names may be.
  RedisListing(RedisNode& node, const RedisKeys& keys, Duration age)
      : node_(node), keys_(keys), age_(age) {}

  /// Must be asked while the node is ready.
  void list(ListQuery query, Store::Done<std::vector<EndpointCounts>> done, TimePoint now);

  /// The call of the script that counts what `endpoint` holds, and what its answer says.
  static RedisCommand count_call(const RedisKeys& keys, const EndpointName& endpoint);
  static EndpointCounts counts_of(const EndpointName& endpoint, const RedisValue& answer);

 private:
  struct Asked {
    ListQuery query;
    Store::Done<std::vector<EndpointCounts>> done;
  };
  struct Page {
    Asked asked;
    std::string after;                // names up to this have been looked at
    std::vector<EndpointName> names;  // that are being counted
    std::vector<EndpointCounts> found;
    std::size_t answers = 0;
  };

  void scan(std::size_t pattern, const std::string& cursor);
  void on_scanned(std::size_t pattern, const RedisValue* answer);
  void fail();
  static std::shared_ptr<Page> page_of(Asked asked);
  void count(const std::shared_ptr<Page>& page);

  RedisNode& node_;
  const RedisKeys& keys_;
  const Duration age_;
  std::set<EndpointName> names_;    // of the last scan
  std::set<EndpointName> scanned_;  // of the one under way
  Deadline fresh_until_ = Deadline(TimePoint::min());
  TimePoint started_{};
  bool scanning_ = false;
  std::vector<Asked> waiting_;  // for the scan
};

}  // namespace pistachio
