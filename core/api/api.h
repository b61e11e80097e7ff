#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/api/cors.h"
#include "core/api/parameters.h"
#include "core/clock.h"
#include "core/endpoint_name.h"
#include "core/error.h"
#include "core/http/response.h"
#include "core/http/server.h"
#include "core/loop.h"
#include "core/queue/broker.h"
#include "core/store/store.h"

namespace pistachio {

// PROTOCOL.md in code: which request does what, and how its answer looks. The only room that knows
// both HTTP and queues.
//
//   api.cpp           routes, what every answer has in common, errors
//   poll_route.cpp    GET {path}/{endpoint}: the poll
//   push_route.cpp    POST {path}/{endpoint}: the push
//   lease_route.cpp   DELETE and PATCH {path}/{endpoint}/{receipt}
//   stock_routes.cpp  looking and cleaning: HEAD, peek, purge, redrive, the list of endpoints
//   house_routes.cpp  /, /healthz, /readyz, /metrics
//
// Every route runs inside Server::Callbacks::on_request, answers at once or keeps the ConnectionId
// and answers from a completion. Loop thread only.

struct ApiOptions {
  std::string path =
      "/messages";         ///< where the endpoints live; starts with /, does not end with it
  std::string name_space;  ///< prefix of the endpoints in the store; only shown here
  Duration timeout = std::chrono::seconds(30);  ///< longest a poll is held
  std::size_t max_message_size = 1u << 20;      ///< bytes
  Duration max_lease = std::chrono::hours(12);
  std::optional<Duration> default_ttl;
  std::vector<std::string> cors_origins;  ///< allowed origins, or "*"
};

class Api {
 public:
  /// Joins the turns of `loop`, which must outlive it, as must `store`. Does not listen yet: see
  /// server().
  Api(Loop& loop, Store& store, ApiOptions options, http::ServerOptions server_options,
      BrokerOptions broker_options);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  http::Server& server() { return server_; }
  Broker& broker() { return broker_; }

  /// Begins to leave: no new connections, parked polls are answered with a Retry-After, /readyz
  /// says 503. Pushes that are under way are finished.
  void drain();
  /// Nothing is under way any more.
  bool drained() const { return server_.quiet() && broker_.polls() == 0; }

  /// Answers that were sent, by status class; for /metrics and tests.
  struct Counters {
    std::uint64_t pushes = 0;      ///< messages taken
    std::uint64_t deliveries = 0;  ///< messages handed out
    std::uint64_t empty_polls = 0;
    std::uint64_t given_back = 0;   ///< answers that their client did not get
    std::uint64_t answers[6] = {};  ///< by the first digit of their status
  };
  const Counters& counters() const { return counters_; }

 private:
  using Connection = http::ConnectionId;

  /// One request on its way through a route. Valid while on_request runs.
  struct Request {
    const http::RequestHead& head;
    const KnownFields& fields;
    http::Body& body;
    Connection connection;
  };
  /// What the path of a request names.
  struct Target {
    enum class Kind : std::uint8_t {
      unknown,
      home,
      health,
      readiness,
      metrics,
      list,
      endpoint,
      receipt
    };
    Kind kind = Kind::unknown;
    std::string_view endpoint;  // as sent
    std::string_view receipt;
  };
  /// A poll's wishes that are not the Broker's business, kept with the connection
  /// (http::RequestContext::note).
  struct PollNote;

  Target find_target(std::string_view path) const;
  [[gnu::cold]] std::string not_found() const;
  static std::string_view allowed_methods(Target::Kind kind);
  static Expected<Parameters> push_parameters(std::string_view query);

  std::optional<std::size_t> on_head(const http::RequestHead& head, Connection id,
                                     http::Response& refusal);
  void on_request(const http::RequestHead& head, http::Body body, Connection id);
  void on_outcome(std::uint64_t delivery, http::Outcome outcome);
  void route(Request& request, const Target& target);
  void route_endpoint(Request& request, const Target& target);
  bool refuses(const Request& request, const Target& target);

  // poll_route.cpp
  void poll(Request& request, const Target& target);
  void begin_poll(Connection id, const PollRequest& wish, std::string gone);
  void on_abandoned(std::uint64_t tag);
  void settle_then_poll(Connection id, std::vector<Receipt> receipts, PollRequest wish);
  void settle_next(std::uint32_t slot, std::vector<Receipt> receipts);
  void on_settled(std::uint32_t slot, Expected<std::vector<Receipt>> gone);
  void on_poll_result(std::uint64_t caller, const PollResult& result);
  void describe(const PollResult& result);
  void write_message(const PollResult& result);
  void write_lines(const PollResult& result);
  void write_empty(const PollResult& result, const PollNote& note);

  // push_route.cpp
  void push(Request& request, const Target& target);
  std::size_t body_limit(std::string_view query) const;
  std::string body_too_large(std::uint64_t size, std::string_view query) const;
  void on_pushed(Connection id, bool split, const Expected<Pushed>& result);
  bool answer_pushes();

  // lease_route.cpp
  void settle(Request& request, const Target& target);
  void change_lease(Request& request, const Target& target);
  void on_lease_changed(Connection id, const Expected<std::monostate>& result);

  // stock_routes.cpp
  void head(Request& request, const Target& target);
  void peek(Request& request, const Target& target, std::size_t limit);
  void remove(Request& request, const Target& target);
  void redrive(Request& request, const EndpointName& name);
  void list(Request& request);
  void on_listed(Connection id, const ListQuery& query,
                 Expected<std::vector<EndpointCounts>> counts);
  void answer_count(Connection id, std::string_view what, const Expected<std::size_t>& count);

  // house_routes.cpp
  void home(Request& request);
  void readiness(Request& request);
  void metrics(Request& request);

  /// The scratch response, empty. One at a time: every route answers with it and nothing else.
  http::Response& fresh();
  /// Sends the scratch response, with what every answer carries.
  void send(Connection id);
  [[gnu::cold]] void send_problem(Connection id, int status, std::string_view detail);
  [[gnu::cold]] void send_error(Connection id, const Error& error);
  void send_json(Connection id, int status, std::string_view json_line);
  /// The one name in `target`; answers the request with 400 and returns nothing when it is not one.
  std::optional<EndpointName> one_name(Connection id, const Target& target);
  /// Takes the value out, or answers with the error and returns false.
  template <class T>
  bool ok(Connection id, const Expected<T>& value) {
    if (value) return true;
    send_error(id, value.error());
    return false;
  }

  Loop& loop_;
  Store& store_;
  const ApiOptions options_;
  const Cors cors_;
  Broker broker_;
  http::Server server_;
  Counters counters_;
  bool draining_ = false;
  std::minstd_rand jitter_;  // only spreads Retry-After: nothing secret

  http::Response response_;

  // Pushes of this round of the loop's end of turn, and of the one before, which are answered: who
  // waits for a message has it first.
  struct PushResult {
    Connection connection;
    bool split;
    Expected<Pushed> result;
  };
  std::vector<PushResult> pushed_;
  std::vector<PushResult> answering_;
  std::vector<EndpointName> names_;  // scratch

  /// A poll that settles before it waits.
  struct Settling {
    Connection connection = 0;
    std::vector<EndpointName> names;
    std::size_t next_name = 0;
    PollRequest wish;
  };
  std::vector<Settling> settling_;  // by slot; those that are free keep the memory of their names
  std::vector<std::uint32_t> free_settling_;
  std::unordered_map<PollId, std::string> gone_;  // Pistachio-Gone of polls that wait
};

}  // namespace pistachio
