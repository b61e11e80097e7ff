#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "core/client_url.h"
#include "core/clock.h"
#include "core/exchange_watch.h"

namespace pistachio {

/// One request, as a client means it. Host, Content-Length and the like are added on the way.
struct HttpRequest {
  std::string method = "GET";
  std::string target;  ///< path and query, encoded already
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< free of CR and LF
  std::string_view body = {};  ///< must stay valid during the exchange
  bool waits = false;          ///< ExchangeWatch::stop() ends it
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The first field called `name`, in any case.
  std::optional<std::string_view> field(std::string_view name) const;
};

/// Why there is no answer.
struct ExchangeFailure {
  enum class Kind {
    unreachable,  ///< no connection: nothing was sent
    broken,       ///< the connection ended, or what came was not HTTP: anything may have happened
    late,         ///< the deadline passed
    stopped,      ///< ExchangeWatch::stop()
  };
  Kind kind;
  std::string message;  ///< names the server and what happened
};

/// How a server wants to be spoken to.
struct LinkOptions {
  std::string token = {};    ///< sent as Authorization: Bearer; empty: none
  std::string ca_file = {};  ///< trust these certificates instead of the system's
  bool insecure = false;     ///< trust any certificate
};

/// One connection to one server, kept alive between exchanges and made again when it was lost. All
/// that is known of the HTTP library is in the .cpp. One thread at a time.
class ServerLink {
 public:
  /// No answer is larger than this: a server gone mad must not eat the memory.
  static constexpr std::size_t kMaxAnswer = 256u << 20;

  /// `watch` must outlive the link. Connects with the first exchange.
  ServerLink(ClientUrl url, LinkOptions options, ExchangeWatch& watch);
  ~ServerLink();
  ServerLink(ServerLink&&) noexcept;

  const ClientUrl& url() const;

  /// Sends and waits for the answer, until `deadline` in all (steady clock). An answer of any
  /// status is a success here. A connection that had been kept alive and is found closed is made
  /// again, once and silently: a server may close an idle connection at any time, also in the
  /// moment it is used. So a request must be one that may reach the server twice.
  tl::expected<HttpAnswer, ExchangeFailure> exchange(const HttpRequest& request, Deadline deadline);

 private:
  class Wire;
  std::unique_ptr<Wire> wire_;
};

}  // namespace pistachio
