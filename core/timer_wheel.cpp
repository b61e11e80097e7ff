#include "core/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace pistachio {

void Timer::unlink() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  next_ = nullptr;
  link_ = nullptr;
}

TimerWheel::~TimerWheel() {
  for (Timer* head : slots_) {
    while (head != nullptr) {
      Timer* const next = head->next_;
      head->next_ = nullptr;
      head->link_ = nullptr;
      head = next;
    }
  }
}

void TimerWheel::link(Timer& timer, Timer*& head) {
  timer.next_ = head;
  timer.link_ = &head;
  if (head != nullptr) head->link_ = &timer.next_;
  head = &timer;
}

void TimerWheel::schedule(Timer& timer, TimePoint at) {
  timer.unlink();
  timer.at_ = at;
  // What lies in the past rings with the next call.
  const std::int64_t tick = std::max(tick_of(at), tick_);
  const std::size_t slot = slot_of(tick);
  link(timer, slots_[slot]);
  mark_busy(slot);
}

void TimerWheel::mark_busy(std::size_t slot) {
  busy_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  busy_words_ |= std::uint64_t{1} << (slot / 64);
}

void TimerWheel::mark_idle(std::size_t slot) {
  busy_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  if (busy_[slot / 64] == 0) busy_words_ &= ~(std::uint64_t{1} << (slot / 64));
}

// Asked in every turn of the loop, and often the next timer is far away: hence two looks at most,
// not one for each word on the way.
std::int64_t TimerWheel::first_busy_tick() const {
  if (busy_words_ == 0) return -1;
  const std::size_t start = slot_of(tick_);
  const std::size_t word = start / 64;
  const std::uint64_t here = busy_[word] >> (start % 64);
  if (here != 0) return tick_ + std::countr_zero(here);
  // The words behind it, and last its own again: what it has now lies before the start, nearly a
  // whole turn away.
  const std::size_t next = (word + 1) % 64;
  const int ahead = std::countr_zero(std::rotr(busy_words_, static_cast<int>(next)));
  const std::size_t found = (next + static_cast<std::size_t>(ahead)) % 64;
  const std::size_t slot = found * 64 + static_cast<std::size_t>(std::countr_zero(busy_[found]));
  return tick_ + static_cast<std::int64_t>((slot + kSlots - start) % kSlots);
}

Deadline TimerWheel::next(TimePoint now) {
  for (;;) {
    const std::int64_t tick = first_busy_tick();
    if (tick < 0) return Deadline::never();
    const std::size_t slot = slot_of(tick);
    if (slots_[slot] == nullptr) {  // cancelled since
      mark_idle(slot);
      continue;
    }
    if (tick > tick_of(now)) return Deadline(TimePoint(Duration(tick * kTick)));
    TimePoint earliest = TimePoint::max();
    for (const Timer* timer = slots_[slot]; timer != nullptr; timer = timer->next_) {
      earliest = std::min(earliest, timer->at_);
    }
    // Timers of a later turn of the ring: look again when this slot is over.
    return Deadline(std::min(earliest, TimePoint(Duration((tick + 1) * kTick))));
  }
}

void TimerWheel::collect(TimePoint now) {
  const std::int64_t last = tick_of(now);
  if (last < tick_) return;
  sorting_.clear();
  for (;;) {
    const std::int64_t tick = first_busy_tick();
    if (tick < 0 || tick > last) break;
    const std::size_t slot = slot_of(tick);
    Timer* timer = slots_[slot];
    bool kept = false;
    while (timer != nullptr) {
      Timer* const next = timer->next_;
      if (timer->at_ <= now) {
        timer->unlink();
        sorting_.push_back(timer);
      } else {
        kept = true;
      }
      timer = next;
    }
    if (!kept) mark_idle(slot);
    if (tick == last) break;
    tick_ = tick + 1;
  }
  tick_ = std::max(tick_, last);
  // Linked from the last to the first, so that the list begins with the earliest.
  std::stable_sort(sorting_.begin(), sorting_.end(),
                   [](const Timer* a, const Timer* b) { return a->at() > b->at(); });
  for (Timer* timer : sorting_) link(*timer, due_);
  sorting_.clear();
}

}  // namespace pistachio
