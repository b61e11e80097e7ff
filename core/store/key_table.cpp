#include "core/store/key_table.h"

#include <string_view>

#include "core/keyed_hash.h"
#include "core/store/store.h"

namespace pistachio {
namespace {

// No endpoint name holds a NUL, so two scopes are the same only when both parts are.
std::string scope_of(const EndpointName& endpoint, const std::string& key) {
  return endpoint.text() + '\0' + key;
}

}  // namespace

std::size_t KeyTable::Hash::operator()(const Entry& entry) const {
  return keyed_hash(entry.scope());
}

const KeyTable::Entry* KeyTable::find(const EndpointName& endpoint, const std::string& key) const {
  const std::string scope = scope_of(endpoint, key);
  return table_.find(keyed_hash(scope),
                     [&scope](const Entry& entry) { return entry.scope() == scope; });
}

const KeyTable::Entry& KeyTable::add(const EndpointName& endpoint, const std::string& key,
                                     const std::string& fingerprint, std::uint64_t first_id,
                                     std::size_t count, TimePoint now) {
  restore(endpoint, key, fingerprint, first_id, count, Deadline::in(kKeyLifetime, now));
  return entries_.back();
}

void KeyTable::restore(const EndpointName& endpoint, std::string_view key,
                       std::string_view fingerprint, std::uint64_t first_id, std::size_t count,
                       Deadline ends) {
  Entry& entry = entries_.emplace_back();
  entry.text.reserve(endpoint.text().size() + 1 + key.size() + fingerprint.size());
  entry.text.append(endpoint.text()).append(1, '\0').append(key);
  entry.scope_size = entry.text.size();
  entry.text.append(fingerprint);
  entry.first_id = first_id;
  entry.count = count;
  entry.ends = ends;
  table_.insert(entry);
}

void KeyTable::remove(const Entry& entry) {
  const std::string_view scope = entry.scope();
  Entry* const found =
      table_.find(keyed_hash(scope), [scope](const Entry& each) { return each.scope() == scope; });
  table_.erase(*found);
  found->removed = true;
}

bool KeyTable::forget_ended(TimePoint now) {
  if (!next().reached(now)) return false;
  while (next().reached(now)) {
    if (!entries_.front().removed) table_.erase(entries_.front());
    entries_.pop_front();
  }
  return true;
}

Deadline KeyTable::next() const {
  return entries_.empty() ? Deadline::never() : entries_.front().ends;
}

}  // namespace pistachio
