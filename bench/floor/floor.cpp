#include "bench/floor/floor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <system_error>

namespace pistachio::bench {
namespace {

constexpr std::int64_t kWaitMs = 30000;
constexpr int kClockGrainMs = 4;  // of CLOCK_MONOTONIC_COARSE
constexpr int kAcceptsPerTurn = 64;
constexpr int kListenBacklog = 4096;
constexpr std::size_t kReceiveSize = 65536;
constexpr std::string_view kPath = "/messages/";
constexpr std::string_view kClose = "Connection: close\r\n";

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int listen_on(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Accepted sockets inherit it: no call for each of them.
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener, kListenBacklog) != 0) {
    fail("cannot listen");
  }
  return listener;
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

Floor::Floor(int port)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(listen_on(port)), received_(kReceiveSize) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the listener
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) fail("epoll_ctl");
}

void Floor::run() {
  std::array<epoll_event, 512> events;
  look_at_clock();
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), events.size(), milliseconds_to_deadline());
    look_at_clock();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        accept_some();
        continue;
      }
      Connection& connection = *static_cast<Connection*>(event.data.ptr);
      if (!connection.dead && (event.events & EPOLLOUT) != 0) flush(connection);
      if (!connection.dead && (event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        read(connection);
      }
      serve_pipelined(connection);
    }
    time_out();
    bury();
  }
}

void Floor::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    auto connection = std::make_unique<Connection>();
    connection->socket = socket;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.release();  // bury() deletes it
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }
}

void Floor::read(Connection& connection) {
  for (;;) {
    const ssize_t result = ::recv(connection.socket, received_.data(), received_.size(), 0);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (result <= 0) {
      close(connection);
      return;
    }
    const auto size = static_cast<std::size_t>(result);
    std::string_view bytes(received_.data(), size);
    if (connection.input != nullptr) bytes = connection.input->append(bytes);
    const std::size_t used = serve_whole_requests(connection, bytes);
    if (connection.dead) return;
    if (used == bytes.size()) {
      connection.input.reset();
    } else {
      connection.input = std::make_unique<std::string>(bytes.substr(used));
    }
    if (size < received_.size()) return;
  }
}

/// Serves what came while an earlier request waited for its message.
void Floor::serve_pipelined(Connection& connection) {
  if (connection.dead || connection.input == nullptr) return;
  const std::size_t used = serve_whole_requests(connection, *connection.input);
  if (connection.dead || used == 0) return;
  if (used == connection.input->size()) {
    connection.input.reset();
  } else {
    connection.input->erase(0, used);
  }
}

/// Stops where a request has to wait. Returns how many bytes were used.
std::size_t Floor::serve_whole_requests(Connection& connection, std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !connection.dead && !connection.closing &&
         connection.waits_for == nullptr) {
    Request request;
    const Reading reading = read_request(bytes.substr(used), request);
    if (reading == Reading::incomplete) break;
    if (reading == Reading::malformed) {
      connection.closing = true;
      answer(connection, "400 Bad Request");
      break;
    }
    used += request.size;
    connection.closing = request.closes;
    serve(connection, request);
  }
  return used;
}

void Floor::serve(Connection& connection, const Request& request) {
  const bool get = request.method == "GET";
  if (request.unknown_coding) {
    connection.closing = true;
    answer(connection, "501 Not Implemented");
  } else if (request.path.size() <= kPath.size() || request.path.substr(0, kPath.size()) != kPath) {
    answer(connection, "404 Not Found");
  } else if (!get && request.method != "POST") {
    answer(connection, "405 Method Not Allowed");
  } else {
    name_.assign(request.path.substr(kPath.size()));
    Endpoint& endpoint = endpoints_.try_emplace(name_).first->second;
    if (get) {
      poll(connection, endpoint);
    } else {
      push(connection, endpoint, request.body);
    }
  }
}

void Floor::poll(Connection& connection, Endpoint& endpoint) {
  if (endpoint.messages.empty()) {
    park(connection, endpoint);
    return;
  }
  std::string message = std::move(endpoint.messages.front());
  endpoint.messages.pop_front();
  if (!deliver(connection, message)) endpoint.messages.push_front(std::move(message));
}

void Floor::push(Connection& connection, Endpoint& endpoint, std::string_view message) {
  bool delivered = false;
  while (!delivered && endpoint.waiting.front() != nullptr) {
    Connection& poller = *endpoint.waiting.front();
    unpark(poller);
    delivered = deliver(poller, message);
  }
  if (!delivered) endpoint.messages.emplace_back(message);
  if (!connection.dead) answer(connection, "200 OK");
}

void Floor::time_out() {
  while (by_deadline_.front() != nullptr && by_deadline_.front()->deadline_ms <= now_ms_) {
    Connection& connection = *by_deadline_.front();
    unpark(connection);
    answer(connection, "504 Gateway Timeout");
    serve_pipelined(connection);
  }
}

void Floor::park(Connection& connection, Endpoint& endpoint) {
  connection.waits_for = &endpoint;
  connection.deadline_ms = now_ms_ + kWaitMs;
  endpoint.waiting.push_back(connection);
  by_deadline_.push_back(connection);
}

void Floor::unpark(Connection& connection) {
  if (connection.waits_for == nullptr) return;
  connection.waits_for->waiting.remove(connection);
  by_deadline_.remove(connection);
  connection.waits_for = nullptr;
}

/// False when the connection turned out to be broken: the message is still the server's.
bool Floor::deliver(Connection& connection, std::string_view message) {
  answer_.assign("HTTP/1.1 200 OK\r\n");
  if (connection.closing) answer_ += kClose;
  answer_ += "Content-Length: ";
  append_number(answer_, message.size());
  answer_.append("\r\n\r\n").append(message);
  return send(connection, answer_);
}

void Floor::answer(Connection& connection, const char* status) {
  answer_.assign("HTTP/1.1 ").append(status).append("\r\n");
  if (connection.closing) answer_ += kClose;
  answer_ += "Content-Length: 0\r\n\r\n";
  send(connection, answer_);
}

/// Closes the connection when that was its last answer, or when it is broken: then false.
bool Floor::send(Connection& connection, std::string_view bytes) {
  if (connection.output != nullptr) {
    connection.output->append(bytes);
    return true;
  }
  const ssize_t sent = ::send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    close(connection);
    return false;
  }
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (taken < bytes.size()) {
    connection.output = std::make_unique<std::string>(bytes.substr(taken));
    watch(connection, true);
  } else if (connection.closing) {
    close(connection);
  }
  return true;
}

void Floor::flush(Connection& connection) {
  if (connection.output == nullptr) return;
  std::string& output = *connection.output;
  while (!output.empty()) {
    const ssize_t sent = ::send(connection.socket, output.data(), output.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) {
      close(connection);
      return;
    }
    output.erase(0, static_cast<std::size_t>(sent));
  }
  connection.output.reset();
  watch(connection, false);
  if (connection.closing) close(connection);
}

void Floor::watch(Connection& connection, bool writable) {
  if (connection.watching_writable == writable) return;
  connection.watching_writable = writable;
  epoll_event event{};
  event.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
}

void Floor::close(Connection& connection) {
  if (connection.dead) return;
  unpark(connection);
  ::close(connection.socket);
  connection.dead = true;
  dead_.push_back(&connection);
}

void Floor::bury() {
  for (const Connection* connection : dead_) delete connection;
  dead_.clear();
}

int Floor::milliseconds_to_deadline() const {
  const Connection* const next = by_deadline_.front();
  if (next == nullptr) return -1;
  const std::int64_t left = next->deadline_ms - now_ms_ + kClockGrainMs;
  return static_cast<int>(std::max<std::int64_t>(left, kClockGrainMs));
}

void Floor::look_at_clock() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  now_ms_ = time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace pistachio::bench
