#include "core/http/server.h"

#include <cassert>
#include <utility>

#include "core/http/connection.h"
#include "core/http/listener.h"

namespace pistachio::http {

Server::Server(Loop& loop, ServerOptions options, Callbacks callbacks)
    : loop_(loop),
      options_(options),
      callbacks_(std::move(callbacks)),
      timers_(loop.now()),
      read_buffer_(64u << 10) {}

Server::~Server() { assert(live_ == 0 && listeners_.empty()); }

void Server::stop_accepting() {
  draining_ = true;
  for (auto& listener : listeners_) {
    Listener::close(std::move(listener));
  }
  listeners_.clear();
}

// ---------------------------------------------------------------- connections

// libuv stops listening on its own until uv_accept() is called: at the limit new clients wait in
// the backlog.
void Server::on_connection(Listener& listener) {
  if (live_ >= options_.max_connections) {
    listener.connection_pending = true;
    return;
  }
  listener.connection_pending = false;
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t at = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[at];
  slot.connection = std::make_unique<Connection>(*this, ConnectionId{slot.serial} << 32 | at,
                                                 listener.unix_socket);
  ++live_;
  Connection& connection = *slot.connection;
  uv_tcp_init(loop_.uv(), connection.tcp());
  if (uv_accept(&listener.stream, connection.stream()) != 0) return connection.die();
  connection.start();
}

void Server::accept_waiting() {
  for (auto& listener : listeners_) {
    if (listener->connection_pending && live_ < options_.max_connections) on_connection(*listener);
  }
}

Connection* Server::find(ConnectionId id) {
  const auto at = static_cast<std::uint32_t>(id);
  if (at >= slots_.size() || slots_[at].serial != static_cast<std::uint32_t>(id >> 32))
    return nullptr;
  return slots_[at].connection.get();
}

void Server::send(ConnectionId id, const Response& response) {
  Connection* const connection = find(id);
  if (connection == nullptr || !connection->waits_for_answer()) {
    // An answer that nobody can get any more was not read.
    if (response.delivery != 0) callbacks_.on_outcome(response.delivery, Outcome::unread);
    return;
  }
  connection->send(response);
}

RequestContext* Server::context(ConnectionId id) {
  Connection* const connection = find(id);
  return connection != nullptr && connection->waits_for_answer() ? &connection->context() : nullptr;
}

void Server::run_due(TimePoint now) {
  outbox_.empty_by([](Connection& connection) { connection.leave(); });
  inbox_.empty_by([](Connection& connection) { connection.take_in(); });
  timers_.expire(now, [now](Timer& timer) { static_cast<Connection&>(timer).on_timer(now); });
}

// A turn of its own, to see what has come before an answer leaves, costs little among many answers.
// One message and the word about its push are there sooner, and for less, after a look at the
// socket. True when a round has made more answers: who knows whether the next one does.
bool Server::send_early() {
  constexpr std::size_t kFew = 2;
  if (outbox_.size() != outbox_seen_) {
    outbox_seen_ = outbox_.size();
    return outbox_seen_ > 0;
  }
  if (outbox_seen_ > 0 && outbox_seen_ <= kFew) {
    // Who waits for a message before who waits for a word about one.
    outbox_.empty_by([](Connection& connection) {
      if (connection.brings_message()) connection.leave_early();
    });
    outbox_.empty_by([](Connection& connection) { connection.leave_early(); });
    outbox_seen_ = outbox_.size();
  }
  return false;
}

bool Server::run_end() {
  bool worked = false;
  if (!resume_.empty()) {
    worked = true;
    resuming_.swap(resume_);
    for (const ConnectionId id : resuming_) {
      if (Connection* const connection = find(id)) connection->resume();
    }
    resuming_.clear();
  }
  if (send_early()) worked = true;
  // What died has told of messages that it did not get.
  if (!graves_.empty()) worked = true;
  for (Connection* dead : graves_) {
    uv_close(dead->handle(), [](uv_handle_t* handle) {
      auto& connection = *static_cast<Connection*>(handle->data);
      connection.server().forget(connection);
    });
  }
  graves_.clear();
  return worked;
}

void Server::bury(Connection& connection) { graves_.push_back(&connection); }

void Server::forget(Connection& connection) {
  Slot& slot = slots_[static_cast<std::uint32_t>(connection.id())];
  slot.connection.reset();
  if (++slot.serial == 0) slot.serial = 1;
  free_slots_.push_back(static_cast<std::uint32_t>(&slot - slots_.data()));
  --live_;
  accept_waiting();
}

bool Server::quiet() const {
  for (const Slot& slot : slots_) {
    if (slot.connection && !slot.connection->quiet()) return false;
  }
  return true;
}

void Server::close_all() {
  stop_accepting();
  for (const Slot& slot : slots_) {
    if (slot.connection) slot.connection->die();
  }
  run_end();
}

std::string_view Server::date() {
  if (loop_.unix_seconds() != date_second_) {
    date_second_ = loop_.unix_seconds();
    date_ = imf_fixdate(date_second_);
  }
  return date_;
}

}  // namespace pistachio::http
