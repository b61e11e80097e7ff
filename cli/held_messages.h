#pragma once

#include <poll.h>

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "core/client.h"
#include "core/clock.h"
#include "core/envelope.h"

namespace pistachio::cli {

// The leased messages that a listener holds, in the order in which they came. Each goes through
//
//   take()      it came with a receipt: it is open, and its lease is renewed for as long as it is
//   read()      whoever it is for has it: the next poll settles it (acks()), or settle() does
//   give_back() or it ends otherwise
//
// All waiting of a listener, but that for the server, is done here in wait(), which renews leases
// when a third of their time has passed and settles by itself what no poll came for within a
// second. Against a server without leases nothing is ever held. One thread; `client` must outlive
// it.
class HeldMessages {
 public:
  explicit HeldMessages(Client& client) : client_(client) {}

  /// Messages without a receipt are not held.
  void take(const std::vector<Envelope>& messages, TimePoint now);

  /// The oldest open message has been read: it is to be settled.
  void read(TimePoint now);

  /// Ends the oldest open message otherwise. Nothing when that was done (or it was no longer ours),
  /// else why it could not be: then it comes back when its lease ends.
  std::optional<std::string> give_back(const ReleaseWish& wish, Deadline deadline);

  /// Open or to be settled.
  bool empty() const { return open_.empty() && read_.empty(); }
  std::size_t open() const { return open_.size(); }

  /// The receipts that the next poll should settle: at most 200.
  std::vector<std::string> acks() const;

  /// The poll that carried these acks was answered: they are settled.
  void acknowledged(std::size_t count);

  /// Settles all that has been read, one by one. Nothing when that was done, else why not.
  std::optional<std::string> settle(Deadline deadline);

  /// Gives all open ones back, uncounted, youngest first, so that they keep their order also where
  /// that matters. Nothing when that was done, else why not.
  std::optional<std::string> release(Deadline deadline);

  /// poll(), until one of `descriptors` is ready (true) or `until` (false), doing meanwhile what
  /// leases need.
  bool wait(std::span<pollfd> descriptors, Deadline until);

 private:
  struct Held {
    std::string endpoint;
    std::string receipt;
    Duration lease;
    TimePoint read_at;
  };

  Deadline next_duty() const;
  void do_duties(TimePoint now);
  bool renew(const std::deque<Held>& messages, TimePoint now);

  Client& client_;
  std::deque<Held> open_;
  std::deque<Held> read_;
  Deadline renewal_;       // when all leases are renewed; may be early for some
  TimePoint quiet_until_;  // after a failure: the server is not bothered before
};

}  // namespace pistachio::cli
