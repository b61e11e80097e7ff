#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/envelope.h"
#include "core/server_link.h"

namespace pistachio {

// What the answer to a poll means for a listener. One pure function sorts all answers there are,
// also those of proxies, of the gem of 2010 and of things that are no message queue.

/// What a poll asks for.
struct PollWish {
  std::vector<std::string> endpoints;  ///< checked names, in order of priority
  Duration wait = std::chrono::seconds(30);
  std::optional<Duration> lease = std::nullopt;  ///< absent: for a server that knows none
  std::size_t max = 1;                           ///< with a lease at most 200
  std::vector<std::string> ack = {};             ///< receipts to settle first, at most 200
};

/// Messages. Each with a receipt, or (a server that knows no leases) already settled.
struct PolledMessages {
  std::vector<Envelope> messages;
};

/// The wait ended empty: poll again at once, or after this time (a server that drains).
struct PollEmpty {
  std::optional<Duration> retry_after = std::nullopt;
};

/// A 504 that is not from our server: something between cuts polls short.
struct PollCut {};

/// The server does not know the parameter `lease`.
struct PollWithoutLeases {};

/// It will not heal: a wrong name, path or token.
struct PollRefused {
  std::string message;
};

/// It may heal: back off, or wait as long as the server says.
struct PollTrouble {
  std::string message;
  std::optional<Duration> retry_after = std::nullopt;
  bool unavailable = false;  ///< it says itself that it is (503)
};

using PollAnswer =
    std::variant<PolledMessages, PollEmpty, PollCut, PollWithoutLeases, PollRefused, PollTrouble>;

/// What `answer` says to a poll that asked for `wish`.
PollAnswer read_poll_answer(HttpAnswer answer, const PollWish& wish);

/// The reason a server gave with an error: the detail of its problem+json, else a line of its text,
/// else nothing but the status. "404 Not Found: there is no …".
std::string error_text(const HttpAnswer& answer);

/// Retry-After in seconds (RFC 9110 section 10.2.3); a date counts as absent.
std::optional<Duration> retry_after(const HttpAnswer& answer);

}  // namespace pistachio
