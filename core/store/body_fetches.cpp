#include "core/store/body_fetches.h"

#include <algorithm>
#include <utility>

namespace pistachio {
namespace {

// A run is what is fetched at once. Behind it may be a batch that waits for the disk, and all that
// while listeners live on what came before: so it is long. The first, for which somebody waits, is
// short, and so are all when many endpoints share the memory there is for them.
constexpr std::size_t kRunMessages = 4096;
constexpr std::size_t kRunBytes = 4 << 20;
constexpr std::size_t kShortRunBytes = 256 << 10;
constexpr std::size_t kLeastRunBytes = 16 << 10;  // however many share it

// A peek fetches what it shows in so many runs at the most; then it gives up on messages that went
// to the file meanwhile. Other work of the disk comes between the runs.
constexpr int kPeekRounds = 3 + static_cast<int>(Store::kMostPeeked / kRunBytes);

}  // namespace

bool BodyFetches::must_wait(const Claim& claim) const {
  if (!claims_.empty() && claims_.contains(claim.endpoint)) return true;
  const MessageQueue* const queue = holdings_.find(claim.endpoint);
  if (queue == nullptr || queue->front() == nullptr) return false;
  if (claim.max == 1) return !queue->front()->payload.present();
  return !queue->absent_ahead(claim.max, 1, claim.max_bytes + 1).empty();
}

void BodyFetches::wait(ClaimCommand&& command) {
  MessageQueue* const queue = holdings_.find(command.claim.endpoint);
  const EndpointName endpoint = command.claim.endpoint;
  claims_[endpoint].push_back(std::move(command));
  if (queue != nullptr) fetch_run(*queue);
}

void BodyFetches::claimed(MessageQueue& queue, std::size_t count) {
  if (queue.fetched_ahead == 0) return;
  queue.fetched_ahead -=
      static_cast<std::uint32_t>(std::min<std::size_t>(count, queue.fetched_ahead));
  if (queue.fetched_ahead <= kRunMessages) fetch_run(queue);
}

void BodyFetches::fetch_run(MessageQueue& queue) {
  if (queue.fetching) return;
  const bool first = queue.fetched_ahead == 0;
  const std::size_t room = journal_.resident().room_for_fetched(holdings_.messages()) / 4;
  const std::size_t bytes = std::clamp(room, kLeastRunBytes, first ? kShortRunBytes : kRunBytes);
  std::vector<std::uint64_t> ids = queue.absent_ahead(3 * kRunMessages, kRunMessages, bytes);
  if (ids.empty()) {
    queue.fetched_ahead = 0;
    return;
  }
  queue.fetching = true;
  runs_.emplace(++last_number_, Run{queue.name(), ids});
  journal_.fetch(last_number_, std::move(ids));
}

bool BodyFetches::wait(PeekCommand& command) {
  Peek peek{std::move(command), {}};
  if (absent_for(peek).empty()) {
    command = std::move(peek.command);
    return false;
  }
  peeks_.push_back(std::move(peek));
  if (peeks_.size() == 1) go_on_peeking();
  return true;
}

// What must be fetched next.
std::vector<std::uint64_t> BodyFetches::absent_for(const Peek& peek) const {
  std::vector<std::uint64_t> ids;
  const MessageQueue* const queue = holdings_.find(peek.command.endpoint);
  const StoredMessage* message = queue == nullptr ? nullptr : queue->first_arrival();
  std::size_t shown = 0;
  std::size_t fetched = 0;
  for (std::size_t seen = 0; message != nullptr && seen < peek.command.limit; ++seen) {
    if (shown >= Store::kMostPeeked || fetched >= kRunBytes) break;
    shown += message->payload.body_size();
    if (!message->payload.present() && !peek.found.contains(message->id)) {
      ids.push_back(message->id);
      fetched += message->payload.size();
    }
    message = MessageQueue::next_arrival(*message);
  }
  return ids;
}

void BodyFetches::go_on_peeking() {
  while (!peeks_.empty()) {
    std::vector<std::uint64_t> ids = absent_for(peeks_.front());
    if (!ids.empty() && peeks_.front().rounds < kPeekRounds) {
      ++peeks_.front().rounds;
      peek_fetch_ = ++last_number_;
      journal_.fetch(peek_fetch_, std::move(ids));
      return;
    }
    Peek ready = std::move(peeks_.front());
    peeks_.pop_front();
    callbacks_.peek(ready.command, ready.found);
  }
}

void BodyFetches::arrived(JournalThread::Fetched& fetched) {
  if (auto run = runs_.extract(fetched.number)) {
    arrived(run.mapped(), fetched.bodies);
  } else if (!peeks_.empty() && fetched.number == peek_fetch_) {
    arrived_for_peek(fetched.bodies);
  }
}

void BodyFetches::arrived_for_peek(FetchedBodies& bodies) {
  Peek& peek = peeks_.front();
  if (!bodies.error) {
    for (FetchedBodies::Each& each : bodies.found) {
      peek.found.insert_or_assign(each.id, std::move(each.payload));
    }
  } else {
    Peek failed = std::move(peek);
    peeks_.pop_front();
    callbacks_.fail_peek(failed.command, *bodies.error);
  }
  go_on_peeking();
}

void BodyFetches::arrived(const Run& run, FetchedBodies& bodies) {
  if (MessageQueue* const queue = holdings_.find(run.endpoint)) queue->fetching = false;
  if (bodies.error && bodies.found.empty()) {
    note_unreadable(run, *bodies.error);
    const auto waiting = claims_.extract(run.endpoint);
    if (!waiting) return;
    for (ClaimCommand& command : waiting.mapped()) {
      callbacks_.fail_claim(command, *bodies.error);
    }
    return;
  }
  std::size_t came = 0;
  for (FetchedBodies::Each& each : bodies.found) {
    if (unreadable_ && unreadable_->id == each.id) unreadable_.reset();
    StoredMessage* const message = holdings_.messages().find(each.id);
    if (message == nullptr || message->payload.present()) continue;
    message->payload = std::move(each.payload);
    journal_.resident().fetched(*message);
    ++came;
  }
  if (!bodies.error && bodies.found.size() < run.ids.size()) {
    // Somebody has deleted rows in the file while it was served: so these messages are gone.
    for (const std::uint64_t id : run.ids) {
      const StoredMessage* const message = holdings_.messages().find(id);
      if (message == nullptr || message->payload.present()) continue;
      holdings_.remove(run.endpoint, id);
    }
  }
  if (MessageQueue* const queue = holdings_.find(run.endpoint)) {
    queue->fetched_ahead += static_cast<std::uint32_t>(came);
  }
  carry_out(run.endpoint);
}

// Everything before it has been delivered: it is the first of its endpoint, and stays that until it
// can be read or somebody gives it up. To pass it over would be to lose it in silence.
void BodyFetches::note_unreadable(const Run& run, const Error& error) {
  const std::uint64_t id = run.ids.front();
  if (!trouble() || unreadable_->id != id) {
    const std::string number = std::to_string(id);
    journal_.report(error.message + "; message " + number + " of endpoint " + run.endpoint.text() +
                    " cannot be delivered, nor can those behind it; DELETE .../" +
                    run.endpoint.text() + "?id=" + number + " gives it up");
  }
  unreadable_ = Unreadable{id, error};
}

std::optional<Error> BodyFetches::trouble() const {
  if (!unreadable_) return std::nullopt;
  if (holdings_.messages().find(unreadable_->id) == nullptr) return std::nullopt;  // given up
  return unreadable_->why;
}

void BodyFetches::carry_out(const EndpointName& endpoint) {
  const auto waiting = claims_.find(endpoint);
  if (waiting == claims_.end()) return;
  std::deque<ClaimCommand>& commands = waiting->second;
  while (!commands.empty()) {
    MessageQueue* const queue = holdings_.find(endpoint);
    const StoredMessage* const first = queue == nullptr ? nullptr : queue->front();
    if (first != nullptr && !first->payload.present()) {
      fetch_run(*queue);
      return;
    }
    ClaimCommand command = std::move(commands.front());
    commands.pop_front();
    callbacks_.claim(command);
  }
  claims_.erase(waiting);
}

}  // namespace pistachio
