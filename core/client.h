#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/poll_answer.h"
#include "core/server_link.h"

namespace pistachio {

/// What `push` sends.
struct PushWish {
  std::string endpoint;  ///< a checked name
  std::string body;
  std::string content_type = {};  ///< empty: none
  std::optional<Duration> delay = std::nullopt;
  std::optional<Duration> ttl = std::nullopt;
  std::string key = {};    ///< Idempotency-Key; empty: none (then a retry may double the message)
  std::string split = {};  ///< "lines" or "ndjson"; empty: the body is one message
};

/// How a leased message ends that is not settled.
struct ReleaseWish {
  enum class How { release, retry, dead } how = How::release;
  Duration hidden = Duration::zero();  ///< with `retry`
};

/// The protocol from a client's side, one function a verb: builds the request, sends it over its
/// one connection, gives back the answer as it came. It neither retries nor waits: that is the
/// caller's policy. Names must have been checked (EndpointName). One thread at a time.
class Client {
 public:
  using Answered = tl::expected<HttpAnswer, ExchangeFailure>;

  /// `watch` must outlive the client.
  Client(ClientUrl url, LinkOptions options, ExchangeWatch& watch);

  const ClientUrl& url() const { return link_.url(); }

  /// Waits for a message; ExchangeWatch::stop() ends it. read_poll_answer() reads what comes.
  Answered poll(const PollWish& wish, Deadline deadline);

  Answered push(const PushWish& wish, Deadline deadline);

  /// Removes a leased message for good. 204, or 410 when the receipt no longer holds it.
  Answered settle(std::string_view endpoint, std::string_view receipt, Deadline deadline);

  /// Ours for `lease` from now on. 204 or 410.
  Answered extend(std::string_view endpoint, std::string_view receipt, Duration lease,
                  Deadline deadline);

  /// Ends the lease otherwise. 204 or 410.
  Answered give_back(std::string_view endpoint, std::string_view receipt, const ReleaseWish& wish,
                     Deadline deadline);

  /// Any other request below the path of the endpoints: `below` is empty or starts with "/" or "?".
  Answered ask(const char* method, std::string_view below, Deadline deadline);

 private:
  std::string target(std::string_view endpoint) const;
  std::string target(std::string_view endpoint, std::string_view receipt) const;

  ServerLink link_;
};

}  // namespace pistachio
