#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/error.h"
#include "core/message.h"
#include "core/queue/delivery.h"
#include "core/queue/waiting_line.h"
#include "core/store/store.h"
#include "core/timer_wheel.h"

namespace pistachio {

// Where messages and polls meet. The Broker knows who waits for what and who holds what; it knows
// no HTTP, no disk and no clock.
//
// The life of a poll: poll() puts it at the end of the line of each endpoint it names and returns.
// At the end of the turn run() asks the store for it, one name after the other; a claim that brings
// a message answers the poll, and when all names were empty the poll is parked until the bell rings
// for one of them or its deadline passes. A poll never has two claims under way, and one that is
// not first in line never claims before those in front of it, so polls of one endpoint are served
// in the order in which they arrived. If its client leaves meanwhile (cancel()), what a claim
// brings goes back to where it was, not counted.
//
// The life of a delivery: an answer with messages is given a DeliveryId. Whoever sends it reports
// once what became of it: received() or returned(). A plain poll's messages are settled by the
// first; a leased poll's stay with the client.
//
// A new kind of wait must: stand in lines by append(), be answered in answer(), and be dropped in
// leave().
//
// Loop thread only. No answer is given from within poll(), cancel(), received() or returned().

/// Names a poll; never reused. 0 is none.
using PollId = std::uint64_t;

struct PollRequest {
  std::span<const EndpointName>
      names;            ///< 1 to 64, distinct, most wanted first; copied as far as needed
  Deadline deadline;    ///< not later than now: answer at once with what is there
  std::size_t max = 1;  ///< messages at the most, 1 to 1000
  std::optional<Duration> lease = std::nullopt;  ///< explicit acknowledgement
};

/// What a poll came to. Everything in it is valid until the function that gets it returns.
struct PollResult {
  const EndpointName* endpoint =
      nullptr;  ///< where the messages came from; null when there are none
  std::span<const Delivered> messages = {};  ///< empty: nothing came in time, or `error`
  DeliveryId delivery =
      0;  ///< to be reported with received() or returned(), when there are messages
  std::optional<Duration> lease = std::nullopt;  ///< as asked
  Duration held = Duration::zero();              ///< how long the poll was held
  bool draining = false;         ///< nothing came because the server is about to leave
  const Error* error = nullptr;  ///< the store failed; null otherwise
};

struct BrokerOptions {
  /// Places in lines, over all endpoints: a poll of 64 names takes 64. Bounds the memory of polls
  /// (about 250 bytes a place).
  std::size_t max_places = 1'000'000;
};

class Broker {
 public:
  /// Answers the poll that `caller` sent; called from run() and run_due() only.
  using Answer = std::function<void(std::uint64_t caller, const PollResult&)>;

  /// `store` must outlive the Broker, which sets its bell.
  Broker(Store& store, BrokerOptions options, Answer answer, TimePoint now);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// Takes a poll in. `caller` is handed to Answer with the result. endpoint_full: too many wait
  /// already.
  Expected<PollId> poll(const PollRequest& request, std::uint64_t caller, TimePoint now);

  /// The client of this poll has gone: it is not answered and takes nothing. Does nothing for a
  /// poll that was answered.
  void cancel(PollId id);

  /// The client has received every byte. Does nothing for an id that was reported before.
  void received(DeliveryId id);
  /// The client has not received the answer, or broke off within a second of it (`counted`).
  void returned(DeliveryId id, bool counted);

  /// From now on no poll waits: those that are parked are answered at the end of this turn, later
  /// ones at once.
  void drain();

  std::size_t waiting(const EndpointName& name) const;
  /// All lines in which somebody waits, in no order.
  void each_line(
      const std::function<void(const std::string& name, std::size_t waiting)>& visit) const;
  /// Polls that have not been answered.
  std::size_t polls() const { return polls_.size() - free_polls_.size(); }
  std::size_t deliveries() const { return deliveries_.size(); }

  Deadline next_wish(TimePoint now) { return timers_.next(now); }
  /// Answers the polls whose deadline has passed.
  void run_due(TimePoint now);
  /// Sends claims where messages and polls may meet. True when it did anything.
  bool run(TimePoint now);

 private:
  void on_bell(const EndpointName& name, std::size_t available);
  void note(WaitingLine& line);
  void serve(WaitingLine& line);
  void decide_undecided(WaitingLine& line);
  void ask_here(Poll& poll);
  void found_empty(Poll& poll);
  void send_claim(Poll& poll, std::size_t at);
  void on_claimed(PollId id, Expected<Claimed> result);
  void answer(Poll& poll, const PollResult& result);
  void answer_empty(Poll& poll);
  void leave(Poll& poll);
  void free(Poll& poll);
  Poll* find(PollId id);
  static PollId id_of(const Poll& poll) { return PollId{poll.serial} << 32 | poll.slot; }
  WaitingLine& line_of(const EndpointName& name);
  void end_line(const EndpointName& name);

  // Constant after construction.
  Store& store_;
  const BrokerOptions options_;
  const Answer answer_;

  using Lines = std::unordered_map<EndpointName, WaitingLine, EndpointNameHash, std::equal_to<>>;
  Lines lines_;
  // Their memory alone: each poll that finds a message begins a line and ends it.
  std::vector<Lines::node_type> spare_lines_;
  std::deque<Poll> polls_;  // by slot; a deque so that places in lines do not move
  std::vector<std::uint32_t> free_polls_;
  TimerWheel timers_;
  DeliveryTable deliveries_;
  std::vector<WaitingLine*> noted_;
  std::vector<WaitingLine*> looking_at_;  // noted_, set aside while run() works on it
  std::size_t places_ = 0;
  TimePoint now_;  // of the call under way
  bool draining_ = false;
};

}  // namespace pistachio
