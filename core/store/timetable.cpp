#include "core/store/timetable.h"

#include <cassert>

namespace pistachio {

void Timetable::file(StoredMessage& message, Deadline when) {
  assert(message.wish.is_never());
  if (when.is_never()) return;
  message.wish = when;
  entries_.insert({when.at(), message.id, &message});
}

void Timetable::strike(StoredMessage& message) {
  if (message.wish.is_never()) return;
  entries_.erase({message.wish.at(), message.id, &message});
  message.wish = Deadline::never();
}

StoredMessage* Timetable::first() const {
  return entries_.empty() ? nullptr : entries_.begin()->message;
}

Deadline Timetable::next() const {
  return entries_.empty() ? Deadline::never() : Deadline(entries_.begin()->at);
}

}  // namespace pistachio
