#include "core/store/endpoint_table.h"

#include <algorithm>
#include <memory>

namespace pistachio {

EndpointTable::~EndpointTable() {
  table_.for_each([](MessageQueue& queue) { delete &queue; });
}

MessageQueue* EndpointTable::find(const EndpointName& name) const {
  return find(name, EndpointNameHash{}(name));
}

MessageQueue* EndpointTable::find(const EndpointName& name, std::size_t hash) const {
  return table_.find(hash, [&name](const MessageQueue& queue) { return queue.name() == name; });
}

MessageQueue& EndpointTable::at(const EndpointName& name) {
  const std::size_t hash = EndpointNameHash{}(name);
  if (MessageQueue* const queue = find(name, hash)) return *queue;
  auto queue = std::make_unique<MessageQueue>(name, hash);
  table_.insert(*queue);
  return *queue.release();
}

void EndpointTable::drop_if_empty(MessageQueue& queue) {
  if (!queue.empty()) return;
  table_.erase(queue);
  delete &queue;
}

std::vector<const MessageQueue*> EndpointTable::sorted(const ListQuery& query) const {
  std::vector<const MessageQueue*> shown;
  table_.for_each([&](const MessageQueue& queue) {
    const std::string& name = queue.name().text();
    if (name > query.after && name.starts_with(query.prefix)) shown.push_back(&queue);
  });
  const auto end = shown.begin() + static_cast<std::ptrdiff_t>(std::min(query.limit, shown.size()));
  std::partial_sort(
      shown.begin(), end, shown.end(),
      [](const MessageQueue* a, const MessageQueue* b) { return a->name() < b->name(); });
  shown.erase(end, shown.end());
  return shown;
}

}  // namespace pistachio
