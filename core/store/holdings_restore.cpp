// How Holdings comes back from what a file has of it. A million messages take a second, most of it
// for memory that is touched for the first time: nothing here is larger than it must be.

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/store/holdings.h"

namespace pistachio {

void Holdings::restore(const SavedMessage& saved, const EndpointName& endpoint,
                       const WallClock& clock) {
  auto message = std::make_unique<StoredMessage>();
  message->id = saved.id;
  message->queue = &endpoints_.at(endpoint);
  message->arrival = saved.arrival;
  message->place = saved.place;
  message->attempts = saved.attempts;
  message->pushed_at = clock.point(saved.pushed_at);
  message->expires = clock.deadline(saved.expires_at);
  message->wish = clock.deadline(saved.hidden_until);
  message->payload = Payload::absent(saved.body_size, saved.type_size);
  message->saved = message->committed = true;
  restored_.push_back(std::move(message));
}

void Holdings::arrange_restored(std::uint64_t last_id, TimePoint now) {
  std::vector<StoredMessage*> all;
  all.reserve(restored_.size());
  for (auto& message : std::exchange(restored_, {})) {
    all.push_back(&messages_.adopt(std::move(message)));
  }
  messages_.give_ids_after(last_id);
  totals_.pushed += all.size();
  // They mostly come in order: looking is cheaper than sorting a million.
  const auto sort_by = [&all](std::uint64_t StoredMessage::*key) {
    const auto before = [key](const StoredMessage* a, const StoredMessage* b) {
      return a->*key < b->*key;
    };
    if (!std::is_sorted(all.begin(), all.end(), before)) std::sort(all.begin(), all.end(), before);
  };
  sort_by(&StoredMessage::arrival);
  // Where something that had a place is hidden, all before it must be returned as it will be, since
  // what is returned comes before what is in line.
  std::unordered_map<MessageQueue*, std::uint64_t> last_hidden;
  for (StoredMessage* const message : all) {
    const std::uint64_t place = message->place;
    const Deadline hidden_until = std::exchange(message->wish, Deadline::never());
    MessageQueue& queue = *std::exchange(message->queue, nullptr);
    queue.arrive(*message, message->arrival);
    // A wall clock that was set back must not make messages come from the future.
    message->pushed_at = std::min(message->pushed_at, now);
    message->place = place;
    last_place_ = std::max({last_place_, message->arrival, place});
    if (place == 0 || !hidden_until.is_never()) {
      hide(*message, hidden_until.is_never() ? Deadline(now) : hidden_until);
      std::uint64_t& last = last_hidden[&queue];
      last = std::max(last, place);
    }
  }
  sort_by(&StoredMessage::place);
  for (StoredMessage* const message : all) {
    if (message->state == StoredMessage::State::delayed) continue;
    MessageQueue& queue = *message->queue;
    const auto hidden = last_hidden.find(&queue);
    if (hidden != last_hidden.end() && message->place < hidden->second) {
      queue.put_back(*message);
    } else {
      queue.append(*message, message->place);
    }
    timetable_.file(*message, message->expires);
  }
}

}  // namespace pistachio
