#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/held_messages.h"
#include "cli/latch.h"
#include "cli/recipient.h"
#include "cli/trouble.h"
#include "core/client.h"
#include "core/poll_wait.h"

namespace pistachio::cli {

/// How a listener polls.
struct ListenerOptions {
  std::vector<std::string> endpoints;  ///< checked names
  Duration wait = std::chrono::seconds(30);
  Duration lease = std::chrono::seconds(30);
  std::size_t batch = 1;  ///< at most 200
  /// End when a wait of that long found nothing.
  bool until_empty = false;
};

/// How many messages may still be taken, by all workers together.
class Allowance {
 public:
  /// 0: no end.
  explicit Allowance(std::uint64_t count) : endless_(count == 0), left_(count) {}

  /// Up to `wanted` of them; 0 when there are none left.
  std::size_t take(std::size_t wanted);
  void put_back(std::size_t unused);

 private:
  const bool endless_;
  std::atomic<std::uint64_t> left_;
};

// The reference client: one loop of poll, hand over, settle with the next poll (CLI.md, "listen").
// Everything it decides by is handed in: the recipient (who gets the messages), the allowance (how
// many), the latch (when to stop), the trouble (how to bear failures). Several may run side by
// side, each with its own client, recipient and thread.
class Listener {
 public:
  /// All references must outlive the listener.
  Listener(ListenerOptions options, Client& client, Recipient& recipient, Allowance& allowance,
           const Latch& stop, Trouble& trouble);

  /// Runs until it is stopped, the allowance is used up, the recipient has gone, the endpoints are
  /// empty (where that was asked for) or nothing can be done. What it holds then is settled or
  /// released. Returns the exit status; 0 when it was stopped.
  int run();

  /// How many messages were handed over.
  std::uint64_t handed() const { return handed_; }

 private:
  /// A status to end with, or nothing to go on.
  using Verdict = std::optional<int>;

  Verdict cycle();
  Verdict on_failure(const ExchangeFailure& failure, Duration age);
  Verdict on(PolledMessages& polled);
  Verdict on(const PollEmpty& empty);
  Verdict on(const PollCut& cut);
  Verdict on(const PollWithoutLeases& without);
  Verdict on(const PollRefused& refused);
  Verdict on(const PollTrouble& trouble);

  Verdict hand(const Envelope& message);
  Verdict back_off(const std::string& what, std::optional<Duration> retry_after);
  void pause(Duration span);
  void say_lowered();
  PollWish next_wish(std::size_t max) const;
  int wrap_up(int status);

  const ListenerOptions options_;
  Client& client_;
  Recipient& recipient_;
  Allowance& allowance_;
  const Latch& stop_;
  Trouble& trouble_;
  HeldMessages held_;
  PollWait wait_;
  Deadline empty_at_;     // with until_empty: when the present wait has lasted long enough
  bool leases_ = true;    // until the server turns out to know none
  Duration age_{};        // of the last poll when it was answered
  std::size_t sent_ = 0;  // receipts that the present poll settles
  std::uint64_t handed_ = 0;
};

}  // namespace pistachio::cli
