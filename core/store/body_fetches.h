#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/store/holdings.h"
#include "core/store/journal.h"
#include "core/store/store_command.h"

namespace pistachio {

/// Bytes that come from a file store's file: what waits for them, and what is fetched before
/// anybody waits. Claims of one endpoint are carried out in the order in which they were asked,
/// whether they wait or not.
class BodyFetches {
 public:
  /// What a fetch for a peek brought, by id.
  using Found = std::unordered_map<std::uint64_t, Payload>;

  /// What is done with that for which something waited.
  struct Callbacks {
    std::function<void(ClaimCommand&)> claim;                     ///< carry it out
    std::function<void(ClaimCommand&, const Error&)> fail_claim;  ///< its bytes cannot be had
    std::function<void(PeekCommand&, const Found&)> peek;
    std::function<void(PeekCommand&, const Error&)> fail_peek;
  };

  /// All must outlive it.
  BodyFetches(Journal& journal, Holdings& holdings, Callbacks callbacks)
      : journal_(journal), holdings_(holdings), callbacks_(std::move(callbacks)) {}

  /// A claim cannot be carried out now; then give it to wait().
  bool must_wait(const Claim& claim) const;
  void wait(ClaimCommand&& command);

  /// Takes the peek if bytes of what it is to show must be fetched; else false, and it is as it
  /// was. Such peeks are carried out one after another: each holds as much as it shows.
  bool wait(PeekCommand& command);

  /// `count` messages were claimed of `queue`: more may be needed soon.
  void claimed(MessageQueue& queue, std::size_t count);

  /// What the journal fetched.
  void arrived(JournalThread::Fetched& fetched);

  /// A message is there whose bytes could not be read, when they were last asked for.
  std::optional<Error> trouble() const;

 private:
  struct Run {
    EndpointName endpoint;
    std::vector<std::uint64_t> ids;
  };
  struct Peek {
    PeekCommand command;
    Found found;
    int rounds = 0;
  };

  void fetch_run(MessageQueue& queue);
  std::vector<std::uint64_t> absent_for(const Peek& peek) const;
  void go_on_peeking();
  void arrived(const Run& run, FetchedBodies& bodies);
  void arrived_for_peek(FetchedBodies& bodies);
  void note_unreadable(const Run& run, const Error& error);
  void carry_out(const EndpointName& endpoint);

  Journal& journal_;
  Holdings& holdings_;
  const Callbacks callbacks_;
  std::uint64_t last_number_ = 0;
  std::unordered_map<EndpointName, std::deque<ClaimCommand>, EndpointNameHash, std::equal_to<>>
      claims_;
  std::unordered_map<std::uint64_t, Run> runs_;
  std::deque<Peek> peeks_;        // bytes are fetched for the first …
  std::uint64_t peek_fetch_ = 0;  // … under this number
  struct Unreadable {
    std::uint64_t id;
    Error why;
  };
  std::optional<Unreadable> unreadable_;  // the last message whose bytes could not be read
};

}  // namespace pistachio
