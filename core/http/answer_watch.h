#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/clock.h"

namespace pistachio::http {

/// What became of an answer whose fate somebody asked for.
enum class Outcome : std::uint8_t {
  received,             ///< the client has it (PROTOCOL section 5)
  unread,               ///< the connection ended before every byte was acknowledged
  reset_after_receipt,  ///< acknowledged, then reset within a second: received, but perhaps never
                        ///< looked at
};

/// Decides what became of the answers on one connection, from what its owner sees of the socket.
/// Pure: no socket, no clock.
///
/// The rules (PROTOCOL section 5): an answer is received when the client sends its next request
/// (unless it was pipelined), or when its TCP has acknowledged every byte and then closes in order
/// or stays for a second without a reset.
class AnswerWatch {
 public:
  /// How long a connection must stay after the acknowledgement.
  static constexpr Duration kStay = std::chrono::seconds(1);
  /// How long a client may be silent while bytes are unacknowledged.
  static constexpr Duration kSilence = std::chrono::seconds(30);
  /// The first look at what TCP has acknowledged. Clients that poll again at once are never looked
  /// at.
  static constexpr Duration kFirstLook = std::chrono::milliseconds(20);
  /// Answers whose fate is open; a client that pipelines more polls waits.
  static constexpr std::size_t kMaxOpen = 64;

  struct Fate {
    std::uint64_t delivery;
    Outcome outcome;
  };

  bool open() const { return !answers_.empty(); }
  /// The number of the last byte of all open answers; 0 when none is open.
  std::uint64_t last_end() const { return answers_.empty() ? 0 : answers_.back().end; }
  bool full() const { return answers_.size() >= kMaxOpen; }

  /// An answer is about to leave; its last byte is number `end` (counted from 1) of all that
  /// were written.
  void add(std::uint64_t delivery, std::uint64_t end, TimePoint now);

  /// A request came that was not pipelined: the client has everything.
  void next_request(std::vector<Fate>& fates);

  /// The first `acknowledged` bytes of all written have arrived at the client's TCP, as seen at
  /// `now`. Reports what has stayed for long enough. `fates` is appended to, here and below.
  void acknowledged(std::uint64_t acknowledged, TimePoint now, std::vector<Fate>& fates);

  /// The client has closed in order and everything up to `acknowledged` has arrived: those are
  /// received; others stay open.
  void ended(std::uint64_t acknowledged, std::vector<Fate>& fates);

  /// The connection broke. What had arrived was reset after its receipt, the rest was not read.
  void broken(std::uint64_t acknowledged, std::vector<Fate>& fates);

  /// Nothing new was acknowledged for kSilence although something is open.
  bool silent(TimePoint now) const {
    return open() && unacknowledged() && now - progress_at_ >= kSilence;
  }

  /// When to look at the socket again; never when nothing is open.
  Deadline next_look(TimePoint now) const;

 private:
  struct Answer {
    std::uint64_t delivery;
    std::uint64_t end;
    Deadline stays_until;  // never: not yet acknowledged
  };

  bool unacknowledged() const { return answers_.back().stays_until.is_never(); }

  std::vector<Answer> answers_;  // oldest first; nearly always none or one
  std::uint64_t acknowledged_ = 0;
  TimePoint progress_at_{};
};

}  // namespace pistachio::http
