#include "tests/support/store_words.h"

#include <initializer_list>

namespace pistachio {
namespace {

std::string show(std::uint64_t id, const std::string& body, std::uint32_t attempt,
                 std::optional<Duration> age, MessageState state) {
  return " [" + std::to_string(id) + " " + body + " try " + std::to_string(attempt) + " age " +
         std::to_string(age.value().count()) + " state " + std::to_string(static_cast<int>(state)) +
         "]";
}

}  // namespace

std::string show(const Expected<Pushed>& pushed) {
  if (!pushed) return "refused " + std::to_string(static_cast<int>(pushed.error().code));
  return std::to_string(pushed->count) + " from " + std::to_string(pushed->first_id) + " to " +
         std::to_string(pushed->last_id()) + (pushed->replayed ? " again" : "");
}

std::string show(const MessageView& view, MessageState state) {
  return show(std::stoull(view.id), std::string(view.body), view.attempt, view.age, state);
}

std::string show(const StoreModel::Message& message, TimePoint now) {
  const std::uint32_t under_way = message.state == MessageState::leased ? 1 : 0;
  return show(message.id, message.body, message.attempts + under_way, now - message.pushed_at,
              message.state);
}

std::string show(const EndpointCounts& counts) {
  return counts.name + " " + std::to_string(counts.queued) + " " + std::to_string(counts.delayed) +
         " " + std::to_string(counts.leased) + " " +
         (counts.oldest ? std::to_string(counts.oldest->count()) : "none");
}

std::string show(const std::map<std::string, std::size_t>& rung) {
  std::string text = "bell";
  for (const auto& [name, count] : rung) text += " " + name + " " + std::to_string(count);
  return text;
}

std::string show(const StoreTotals& totals) {
  std::string text = "totals";
  for (const std::uint64_t number :
       {totals.pushed, totals.settled, totals.expired, totals.purged, totals.dead, totals.redriven,
        totals.queued, totals.delayed, totals.leased}) {
    text += " " + std::to_string(number);
  }
  return text;
}

std::string show(std::optional<TimePoint> at) {
  return at ? std::to_string(at->time_since_epoch().count()) : "never";
}

}  // namespace pistachio
