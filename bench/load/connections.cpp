#include "bench/load/connections.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "bench/load/beanstalk_reply.h"
#include "bench/load/http_reply.h"
#include "bench/load/redis_reply.h"

namespace pistachio::bench {
namespace {

constexpr int kMaxReconnecting = 256;
constexpr Nanoseconds kReconnectAfterError = 50 * kMillisecond;
constexpr std::size_t kReceiveSize = 262144;

sockaddr_in address_of(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  if (inet_aton(host.c_str(), &address.sin_addr) == 0) {
    throw std::invalid_argument("--host " + host + ": not an IPv4 address");
  }
  return address;
}

}  // namespace

Connections::Connections(const Options& options, Accounting& accounting, ConnectionEvents events)
    : poll_server_(address_of(options.host, options.port)),
      publish_server_(address_of(options.host, options.publish_port)),
      accounting_(accounting),
      events_(std::move(events)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      received_(kReceiveSize) {}

Connections::~Connections() { ::close(epoll_); }

void Connections::open(Connection& connection) {
  const bool polls = connection.role == Connection::Role::poller;
  ++connecting_;
  if (!connection.connect(epoll_, polls ? poll_server_ : publish_server_)) drop(connection, true);
}

void Connections::flush(Connection& connection) {
  if (!connection.flush(epoll_)) drop(connection, true);
}

void Connections::flush_later(Connection& connection) {
  if (connection.unflushed) return;
  connection.unflushed = true;
  unflushed_.push_back(&connection);
}

void Connections::flush_now_what_was_left_for_later() {
  for (Connection* connection : unflushed_) {
    connection->unflushed = false;
    if (!connection->closed()) flush(*connection);
  }
  unflushed_.clear();
}

void Connections::drop(Connection& connection, bool error) {
  if (connection.state == Connection::State::connecting) --connecting_;
  connection.close();
  if (error) ++accounting_.counts.connection_errors;
  ++accounting_.counts.reconnects;
  events_.broken(connection);
  retry_after(connection, error ? kReconnectAfterError : 0);
}

void Connections::retry_after(Connection& connection, Nanoseconds delay) {
  connection.retry_at = now() + delay;
  retries_.push_back(&connection);
}

void Connections::turn(int timeout_ms) {
  std::array<epoll_event, 1024> events;
  const int count = epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    on_event(*static_cast<Connection*>(event.data.ptr), event.events);
  }
  if (after_events) after_events();
  flush_now_what_was_left_for_later();
  retry_what_is_due();
}

void Connections::on_event(Connection& connection, std::uint32_t events) {
  if (connection.state == Connection::State::connecting) {
    finish_connecting(connection, events);
    return;
  }
  if (!connection.closed() && (events & EPOLLOUT) != 0) flush(connection);
  const bool readable = (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
  if (!connection.closed() && readable) receive(connection);
}

void Connections::finish_connecting(Connection& connection, std::uint32_t events) {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(connection.socket, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0 || (events & (EPOLLERR | EPOLLHUP)) != 0) {
    drop(connection, true);
  } else if ((events & EPOLLOUT) != 0) {
    --connecting_;
    connection.state = Connection::State::idle;
    events_.connected(connection);
  }
}

void Connections::retry_what_is_due() {
  if (retries_.empty()) return;
  const Nanoseconds at = now();
  std::vector<Connection*> waiting;
  waiting.swap(retries_);
  for (Connection* connection : waiting) {
    const bool may_go = !connection->closed() || connecting_ < kMaxReconnecting;
    if (connection->retry_at > at || !may_go) {
      retries_.push_back(connection);
    } else if (connection->closed()) {
      open(*connection);
    } else if (connection->state == Connection::State::idle) {
      events_.retry_due(*connection);
    }
  }
}

void Connections::receive(Connection& connection) {
  for (;;) {
    const ssize_t result = ::recv(connection.socket, received_.data(), received_.size(), 0);
    if (result < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) drop(connection, true);
      return;
    }
    const auto size = static_cast<std::size_t>(result);
    const bool at_end = size == 0;

    // Most replies come whole and are parsed where recv() put them; only a cut one is copied.
    std::string_view bytes(received_.data(), size);
    const bool continues = !connection.input.empty();
    if (continues) bytes = connection.input.append(bytes);
    const bool worth_parsing = bytes.size() >= connection.needed;
    const std::size_t used = worth_parsing ? take_replies(connection, bytes, at_end) : 0;
    if (connection.closed()) return;
    if (at_end) {
      drop(connection, connection.state == Connection::State::busy);
      return;
    }
    if (continues) {
      connection.input.erase(0, used);
    } else {
      connection.input.assign(bytes.substr(used));
    }
    if (connection.needed > connection.input.capacity()) {
      connection.input.reserve(connection.needed);
    }
    if (size < received_.size()) return;
  }
}

/// Returns how many bytes need not be kept. The connection may be closed afterwards.
std::size_t Connections::take_replies(Connection& connection, std::string_view bytes, bool at_end) {
  const Nanoseconds at = now();
  std::size_t used = 0;
  while (used < bytes.size() || at_end) {
    const Parsed parsed = parse(connection, bytes.substr(used), at_end);
    const bool incomplete = parsed.what == Parsed::What::incomplete;
    connection.needed = incomplete ? parsed.size : 0;
    if (incomplete) break;
    used += parsed.size;
    if (parsed.what == Parsed::What::interim) continue;
    const bool unasked =
        connection.role == Connection::Role::poller && connection.state != Connection::State::busy;
    if (parsed.what == Parsed::What::malformed || unasked) {
      drop(connection, true);
      break;
    }
    accounting_.count_reply();
    events_.replied(connection, parsed.reply, at);
    if (connection.closed()) break;
  }
  return used;
}

Parsed Connections::parse(const Connection& connection, std::string_view bytes, bool at_end) {
  switch (connection.protocol) {
    case Protocol::http:
      return parse_http_reply(bytes, at_end, scratch_);
    case Protocol::redis:
      return parse_redis_reply(bytes);
    case Protocol::beanstalk:
      return parse_beanstalk_reply(bytes);
  }
  return {.what = Parsed::What::malformed};
}

}  // namespace pistachio::bench
