#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/load/latencies.h"
#include "bench/load/payload.h"

namespace pistachio::bench {

/// Plain counts of a run.
struct Counts {
  std::uint64_t sent = 0;  ///< messages, not requests, here and below
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  ///< the push failed: the message may be missing
  std::uint64_t delivered = 0;
  std::uint64_t distinct = 0;  ///< delivered, duplicates left out
  std::uint64_t duplicates = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t misrouted = 0;    ///< came from another endpoint than was asked
  std::uint64_t stale = 0;        ///< of another run
  std::uint64_t corrupt = 0;      ///< cut off or damaged
  std::uint64_t bad_polls = 0;    ///< answers that are neither a message nor the end of a wait
  std::uint64_t bad_pushes = 0;   ///< POSTs, not messages
  std::uint64_t empty_polls = 0;  ///< the wait ended without a message
  std::uint64_t gone = 0;         ///< answers that said an acknowledgement came too late
  std::uint64_t replies = 0;
  std::uint64_t connection_errors = 0;
  std::uint64_t reconnects = 0;
};

/// Knows of every message whether it was sent, refused and delivered, and so what was lost,
/// doubled or overtaken. Each endpoint and publisher have a sequence of their own: order is only
/// promised there.
class Accounting {
 public:
  Accounting(int endpoints, int publishers, std::uint32_t run);

  std::uint32_t run() const { return run_; }

  /// The sequence number of a new message.
  std::uint32_t sent(int endpoint, int publisher);

  /// The server did not accept these `count` messages: they are not lost if they never come.
  void refused(int endpoint, int publisher, std::uint32_t first, int count);

  /// Takes the payload that begins `text`, which a poll of `polled` brought. Returns it when this
  /// was the first time that it came.
  std::optional<Payload> received(std::string_view text, std::size_t size, int polled,
                                  Nanoseconds at);

  /// Messages that were accepted and have not come.
  std::uint64_t lost() const;

  /// Every message has come that was not refused.
  bool all_delivered() const { return counts.distinct >= counts.sent - counts.refused; }

  /// While measuring, deliveries and replies are counted apart and latencies kept.
  void measure(bool on) { measuring_ = on; }
  std::uint64_t measured() const { return measured_; }
  std::uint64_t measured_replies() const { return measured_replies_; }
  Latencies& latencies() { return latencies_; }

  void count_reply();
  void count_bad_status(int status) { ++bad_statuses_[status]; }

  /// `503x2 500x1`; empty when there were none.
  std::string bad_statuses() const;

  Counts counts;

 private:
  /// The messages of one publisher to one endpoint, a bit each, by sequence number.
  struct Sequence {
    std::uint32_t next = 0;
    std::uint32_t newest = 0;  // delivered
    bool any = false;
    std::vector<std::uint64_t> delivered;
    std::vector<std::uint64_t> refused;
  };

  Sequence& sequence(int endpoint, int publisher) {
    return sequences_[static_cast<std::size_t>(endpoint) * publishers_ +
                      static_cast<std::size_t>(publisher)];
  }

  int endpoints_;
  std::size_t publishers_;
  std::uint32_t run_;
  std::vector<Sequence> sequences_;
  bool measuring_ = false;
  std::uint64_t measured_ = 0;
  std::uint64_t measured_replies_ = 0;
  Latencies latencies_;
  std::map<int, std::uint64_t> bad_statuses_;
};

}  // namespace pistachio::bench
