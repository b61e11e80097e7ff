#pragma once

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/http/answer_watch.h"
#include "core/http/batch.h"
#include "core/http/listen_address.h"
#include "core/http/request.h"
#include "core/http/response.h"
#include "core/loop.h"
#include "core/timer_wheel.h"

namespace pistachio::http {

// The HTTP/1.1 server: listeners, connections, and the way between bytes and requests. It knows no
// queue.
//
// The life of a request: its head is parsed; if its body has not arrived with it,
// Callbacks::on_head says how much of it is wanted or refuses it; with the whole body
// Callbacks::on_request gets it, once, with a ReplyHandle. Exactly one send() answers it, at once
// or any time later. If the client leaves first and the request was tagged, on_abandoned tells;
// send() to a connection that has gone does nothing, so that nobody must keep track of who is still
// there.
//
// Loop thread only.

class Connection;

/// Names a connection for ever: never reused, safe to keep after the connection has gone.
using ConnectionId = std::uint64_t;

/// What the receiver of a request may leave with it until it is answered.
struct RequestContext {
  std::uint64_t tag =
      0;  ///< not 0: on_abandoned(tag) is called if the client leaves before the answer
  std::uint64_t note = 0;  ///< anything
};

/// The body of a request: in the bytes that were just read, or a string of its own when it came in
/// pieces.
class Body {
 public:
  Body() = default;
  explicit Body(std::string_view bytes) : view_(bytes) {}
  explicit Body(std::string* owned) : view_(*owned), owned_(owned) {}

  /// Valid until on_request returns or take() is called.
  std::string_view view() const { return view_; }
  /// The bytes for keeps: moved where that is possible, copied else. At most once.
  std::string take() { return owned_ != nullptr ? std::move(*owned_) : std::string(view_); }

 private:
  std::string_view view_;
  std::string* owned_ = nullptr;
};

/// Every input has a limit, and its reason.
struct ServerOptions {
  std::size_t max_connections =
      1000;  ///< descriptors are finite; more wait in the kernel's backlog
  Duration head_time =
      std::chrono::seconds(10);  ///< a head is one packet: who needs longer is broken or an attack
  Duration idle_time = std::chrono::seconds(
      75);  ///< longer than the usual 60 s of proxies, so that they close first
  Duration body_progress = std::chrono::seconds(30);  ///< a phone may lose its network for a while
  Duration body_time = std::chrono::minutes(5);  ///< in all: drops that keep coming are an attack
  Duration reader_progress =
      std::chrono::seconds(30);  ///< the same for a client that does not read its answer
  Duration linger_time =
      std::chrono::seconds(5);  ///< a refused client may still be sending: it must see the answer
  std::size_t linger_bytes = 64u << 20;  ///< but not for ever
  std::size_t max_pipelined =
      64u << 10;  ///< unparsed input per connection; beyond it nothing is read
  std::size_t max_buffered =
      256u << 20;  ///< bodies under way and answers not yet taken, over all connections
};

class Server {
 public:
  struct Callbacks {
    /// A head whose body is still to come. Returns how many bytes of body are wanted, or nothing
    /// and fills `refusal`, which is sent before the connection is closed.
    std::function<std::optional<std::size_t>(const RequestHead&, ConnectionId, Response& refusal)>
        on_head;
    /// A whole request. `head` and `body` are valid until it returns.
    std::function<void(const RequestHead&, Body, ConnectionId)> on_request;
    /// The client of a tagged request has left before it was answered.
    std::function<void(std::uint64_t tag)> on_abandoned;
    /// What became of an answer with a `delivery`. Called exactly once for each, within about 30 s.
    std::function<void(std::uint64_t delivery, Outcome)> on_outcome;
    /// Adds what every answer carries (CORS) to a refusal that the server makes itself. `head`:
    /// what has come of a head that could not be read, which may be anything; empty once on_head or
    /// on_request has seen the request.
    std::function<void(ConnectionId, std::string_view head, Response&)> on_refusal;
  };

  /// `loop` must outlive the server; so must what the callbacks refer to.
  Server(Loop& loop, ServerOptions options, Callbacks callbacks);
  /// close_all() must have been called and the loop's handles drained.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and listens; returns the addresses as bound (port 0 becomes the real one). The error
  /// names address and cause.
  Expected<std::vector<std::string>> listen(const ListenAddress& address);

  /// Serves a listening socket that was made elsewhere (a service manager); takes the descriptor
  /// over. Returns its address.
  Expected<std::string> adopt(int descriptor);

  /// Answers the request of connection `id` that waits for it. Does nothing when the connection has
  /// gone.
  void send(ConnectionId id, const Response& response);

  /// What belongs to the request that waits on `id`, or null when that connection has gone. Valid
  /// until the request is answered.
  RequestContext* context(ConnectionId id);

  /// Closes the listeners. From now on every answer closes its connection.
  void stop_accepting();
  /// No request waits, no body is arriving, every answer was taken and its fate is known.
  bool quiet() const;
  /// Closes everything at once; open answers end as Outcome::unread unless they had been
  /// acknowledged.
  void close_all();

  std::size_t connections() const { return live_; }
  std::size_t buffered() const { return buffered_; }

  Deadline next_wish(TimePoint now) {
    return outbox_.empty() ? timers_.next(now) : Deadline(TimePoint::min());
  }
  /// Sends the answers of the turn before, reads the requests that this one has received, and acts
  /// on what has taken too long. In this order, and not at the end of a turn: what a client sent
  /// before its answer left has been received by then, and does not pass for a sign that it has it.
  void run_due(TimePoint now);
  /// Goes on with connections that had more input waiting, sends the answers of the turn if they
  /// are few, and closes what died. True when it did anything that may lead to more.
  bool run_end();

 private:
  friend class Connection;
  struct Listener;

  void on_connection(Listener& listener);
  void accept_waiting();
  bool send_early();
  Expected<std::string> open_listener(std::unique_ptr<Listener> listener, const std::string& where);
  std::string bound_address(const Listener& listener) const;
  Expected<std::string> listen_tcp(const ListenAddress& address, const void* sockaddr,
                                   std::uint16_t port);
  Expected<std::string> listen_unix(const ListenAddress& address);
  Connection* find(ConnectionId id);
  void bury(Connection& connection);
  void forget(Connection& connection);
  std::string_view date();

  Loop& loop_;
  const ServerOptions options_;
  const Callbacks callbacks_;

  std::vector<std::unique_ptr<Listener>> listeners_;
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint32_t serial = 1;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t live_ = 0;      // slots that hold a connection
  std::size_t buffered_ = 0;  // bytes, see ServerOptions::max_buffered
  TimerWheel timers_;
  bool draining_ = false;

  // Shared by all connections, since only one is at work at a time: nothing of it but the
  // batches outlives a callback.
  std::vector<char> read_buffer_;
  RequestHead head_;
  Response refusal_;
  Batch inbox_;
  Batch outbox_;
  std::size_t outbox_seen_ = 0;  // its size when the round before ended
  std::vector<AnswerWatch::Fate> fates_;

  std::vector<ConnectionId> resume_;  // had more input when they were answered
  std::vector<ConnectionId> resuming_;
  std::vector<Connection*> graves_;  // died in this turn
  std::string date_;
  std::int64_t date_second_ = -1;
};

}  // namespace pistachio::http
