#pragma once

#include <cstdint>
#include <memory>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/timer_wheel.h"

namespace pistachio {

// The polls that wait, and the lines they stand in. Plain data for the Broker, which alone changes
// it.

struct Poll;
struct WaitingLine;

/// One poll's place in one line.
struct Place {
  Poll* poll = nullptr;
  WaitingLine* line = nullptr;
  Place* before = nullptr;
  Place* after = nullptr;
};

/// A poll, from its arrival to its answer. It stands in the line of every endpoint that it names,
/// from the start; it asks them one by one in the order given, and once all were found empty it is
/// parked and any of them may wake it.
struct Poll : Timer {
  std::uint32_t serial = 1;  ///< upper half of its id
  std::uint32_t slot = 0;    ///< lower half
  std::uint64_t caller = 0;  ///< who is answered
  TimePoint arrived{};
  Deadline deadline;
  Duration lease{-1};            ///< negative: a plain poll
  std::uint16_t max = 1;         ///< messages at the most
  std::uint8_t names = 1;        ///< endpoints named, 1 to 64
  std::uint8_t next_name = 0;    ///< which place is asked next; == names: all were empty, parked
  std::uint8_t claiming_at = 0;  ///< which place the claim under way is for
  bool claiming = false;         ///< a claim is under way: never a second one
  bool cancelled = false;  ///< the client left while claiming: what the claim brings is given back
  Place only;              ///< its place when it names one endpoint, which nearly all do
  std::unique_ptr<Place[]> several;  ///< its places when it names more

  Place& place(std::size_t i) { return several ? several[i] : only; }
  bool parked() const { return next_name == names; }
};

/// The polls that wait for one endpoint, first come first served, and what is known of the
/// endpoint. Exists only while a poll stands in it or a claim is under way.
struct WaitingLine {
  const EndpointName* name = nullptr;  ///< the key of the table that holds this line
  Place* first = nullptr;
  Place* last = nullptr;
  std::uint32_t waiting = 0;    ///< places in the line
  std::uint32_t undecided = 0;  ///< polls whose turn it is to ask here and who have no answer yet
  std::uint32_t available =
      0;  ///< messages believed to be there for claims, those under way included
  // In one word, which makes a line of one poll, as most are, a size smaller to the allocator.
  std::uint32_t claims : 29 = 0;  ///< claims under way
  bool known_empty : 1 = false;   ///< the store said so and has not rung since
  bool rang : 1 = false;          ///< the bell rang since the last claim was sent
  bool noted : 1 = false;         ///< to be looked at in the next run

  void append(Place& place);
  void remove(Place& place);
};

inline void WaitingLine::append(Place& place) {
  place.line = this;
  place.before = last;
  place.after = nullptr;
  (last != nullptr ? last->after : first) = &place;
  last = &place;
  ++waiting;
}

inline void WaitingLine::remove(Place& place) {
  (place.before != nullptr ? place.before->after : first) = place.after;
  (place.after != nullptr ? place.after->before : last) = place.before;
  place.line = nullptr;
  place.before = nullptr;
  place.after = nullptr;
  --waiting;
}

}  // namespace pistachio
