#include "core/store/pending_pushes.h"

#include <algorithm>

namespace pistachio {

void PendingPushes::add(std::uint64_t first_id, std::size_t count, bool keyed,
                        Store::Done<Pushed> done) {
  Entry& entry = entries_.emplace_back();
  entry.first_id = first_id;
  entry.count = count;
  entry.messages_open = count;
  entry.key_open = keyed;
  entry.done = std::move(done);
  ++open_;
}

PendingPushes::Entry* PendingPushes::find(std::uint64_t id) {
  auto after = std::upper_bound(
      entries_.begin(), entries_.end(), id,
      [](std::uint64_t wanted, const Entry& entry) { return wanted < entry.first_id; });
  if (after == entries_.begin()) return nullptr;
  Entry& entry = *--after;
  return entry.answered || id - entry.first_id >= entry.count ? nullptr : &entry;
}

bool PendingPushes::follow(std::uint64_t first_id, Store::Done<Pushed>& done) {
  Entry* const entry = find(first_id);
  if (entry == nullptr) return false;
  entry->followers.push_back(std::move(done));
  return true;
}

bool PendingPushes::message_done(std::uint64_t id) {
  Entry* const entry = find(id);
  if (entry == nullptr) return false;
  const bool key_open = entry->key_open;
  --entry->messages_open;
  end_if_done(*entry);
  return key_open;
}

void PendingPushes::key_done(std::uint64_t first_id) {
  Entry* const entry = find(first_id);
  if (entry == nullptr) return;
  entry->key_open = false;
  end_if_done(*entry);
}

PendingPushes::Failed PendingPushes::fail(std::uint64_t id, const Error& error) {
  Entry* const entry = find(id);
  if (entry == nullptr) return {};
  if (entry->messages_open == 0) return {};
  const Failed failed{entry->first_id, entry->count};
  end(*entry, tl::make_unexpected(error));
  return failed;
}

void PendingPushes::end_if_done(Entry& entry) {
  if (entry.messages_open != 0 || entry.key_open) return;
  end(entry, Pushed{entry.count, entry.first_id});
}

void PendingPushes::end(Entry& entry, Expected<Pushed> result) {
  entry.answered = true;
  --open_;
  if (entry.done) ready_.emplace_back(std::move(entry.done), result);
  if (result) result->replayed = true;
  for (Store::Done<Pushed>& follower : entry.followers) {
    ready_.emplace_back(std::move(follower), result);
  }
  entry.done = {};
  entry.followers = {};
  while (!entries_.empty() && entries_.front().answered) entries_.pop_front();
  // A first one that a stalled disk keeps must not keep all that came and went behind it.
  if (entries_.size() > 2 * open_ + 1024) {
    std::erase_if(entries_, [](const Entry& each) { return each.answered; });
  }
}

bool PendingPushes::answer() {
  if (ready_.empty()) return false;
  answering_.swap(ready_);
  for (auto& [done, result] : answering_) {
    if (done) done(std::move(result));
  }
  answering_.clear();
  return true;
}

void PendingPushes::drop() {
  entries_.clear();
  ready_.clear();
  open_ = 0;
}

}  // namespace pistachio
