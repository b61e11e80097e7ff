// How Holdings comes back from what a file has of it.

#include <algorithm>
#include <unordered_map>

#include "core/store/holdings.h"

namespace pistachio {

void Holdings::restore(const SavedMessage& saved, const EndpointName& endpoint,
                       const WallClock& clock) {
  StoredMessage& message = messages_.add(saved.id);
  message.arrival = saved.arrival;
  message.attempts = saved.attempts;
  message.pushed_at = clock.point(saved.pushed_at);
  message.expires = clock.deadline(saved.expires_at);
  message.payload = Payload::absent(saved.body_size, saved.type_size);
  message.saved = message.committed = true;
  ++totals_.pushed;
  restored_.push_back(
      {&message, &endpoints_.at(endpoint), saved.place, clock.deadline(saved.hidden_until)});
}

void Holdings::arrange_restored(std::uint64_t last_id, TimePoint now) {
  const auto by_arrival = [](const Restored& a, const Restored& b) {
    return a.message->arrival < b.message->arrival;
  };
  const auto by_place = [](const Restored& a, const Restored& b) { return a.place < b.place; };
  // They mostly come in order: looking is cheaper than sorting a million.
  const auto sort = [this](const auto& before) {
    if (std::is_sorted(restored_.begin(), restored_.end(), before)) return;
    std::sort(restored_.begin(), restored_.end(), before);
  };
  sort(by_arrival);
  // Where something that had a place is hidden, all before it must be returned as it will be, since
  // what is returned comes before what is in line.
  std::unordered_map<MessageQueue*, std::uint64_t> last_hidden;
  for (const Restored& each : restored_) {
    StoredMessage& message = *each.message;
    each.queue->arrive(message, message.arrival);
    // A wall clock that was set back must not make messages come from the future.
    message.pushed_at = std::min(message.pushed_at, now);
    message.place = each.place;
    last_place_ = std::max({last_place_, message.arrival, each.place});
    if (each.place == 0 || !each.hidden_until.is_never()) {
      hide(message, each.hidden_until.is_never() ? Deadline(now) : each.hidden_until);
      std::uint64_t& last = last_hidden[each.queue];
      last = std::max(last, each.place);
    }
  }
  sort(by_place);
  for (const Restored& each : restored_) {
    StoredMessage& message = *each.message;
    if (message.state == StoredMessage::State::delayed) continue;
    const auto hidden = last_hidden.find(each.queue);
    if (hidden != last_hidden.end() && each.place < hidden->second) {
      each.queue->put_back(message);
    } else {
      each.queue->append(message, each.place);
    }
    timetable_.file(message, message.expires);
  }
  restored_ = {};
  messages_.give_ids_after(last_id);
}

}  // namespace pistachio
