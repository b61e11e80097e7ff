#pragma once

#include <cstddef>
#include <vector>

#include "core/endpoint_name.h"
#include "core/store/linear_table.h"
#include "core/store/message_queue.h"

namespace pistachio {

/// The endpoints that hold messages, and their owner. An endpoint begins with its first message
/// and ends with its last, so that names which come and go leave nothing behind.
class EndpointTable {
 public:
  EndpointTable() = default;
  EndpointTable(const EndpointTable&) = delete;
  EndpointTable& operator=(const EndpointTable&) = delete;
  ~EndpointTable();

  /// Null when that endpoint holds nothing.
  MessageQueue* find(const EndpointName& name) const;

  /// Made when it is not there. The reference stays good until drop_if_empty().
  MessageQueue& at(const EndpointName& name);

  /// To be called after messages have left `queue`.
  void drop_if_empty(MessageQueue& queue);

  /// Those whose name is after `after` and starts with `prefix`, by name, at most `limit`. Looks at
  /// every endpoint and sorts those it shows: some 50 ms for a million endpoints.
  std::vector<const MessageQueue*> sorted(const ListQuery& query) const;

  std::size_t size() const { return table_.size(); }
  std::size_t buckets() const { return table_.buckets(); }

 private:
  struct Hash {
    std::size_t operator()(const MessageQueue& queue) const { return queue.hash(); }
  };

  MessageQueue* find(const EndpointName& name, std::size_t hash) const;

  LinearTable<MessageQueue, &MessageQueue::next_queue, Hash> table_;
};

}  // namespace pistachio
