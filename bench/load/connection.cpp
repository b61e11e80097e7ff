#include "bench/load/connection.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace pistachio::bench {
namespace {

constexpr int kSourceAddresses = 8;
constexpr in_addr_t kFirstSource = 0x7f000002;  // 127.0.0.2

void set_option(int socket, int level, int option) {
  const int on = 1;
  setsockopt(socket, level, option, &on, sizeof(on));
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Leaves the choice of the port to connect(), which then needs only the pair of addresses to be
/// free.
void bind_source(int socket, int number) {
  set_option(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(kFirstSource + static_cast<in_addr_t>(number % kSourceAddresses));
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) != 0) {
    fail("cannot bind a source address");
  }
}

}  // namespace

bool Connection::connect(int epoll, const sockaddr_in& server) {
  socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("cannot make a socket");
  set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  if (ntohl(server.sin_addr.s_addr) >> 24 == 127) bind_source(socket, number);
  input.clear();
  needed = 0;
  output.clear();
  output_sent = 0;
  memory.job = 0;
  state = State::connecting;

  const int result = ::connect(socket, reinterpret_cast<const sockaddr*>(&server), sizeof(server));
  const int error = result == 0 ? 0 : errno;
  watching_writable_ = true;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = this;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
  errno = error;
  return error == 0 || error == EINPROGRESS;
}

bool Connection::flush(int epoll) {
  while (output_sent < output.size()) {
    const ssize_t sent =
        ::send(socket, output.data() + output_sent, output.size() - output_sent, MSG_NOSIGNAL);
    if (sent > 0) {
      output_sent += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      watch_writable(epoll, true);
      return true;
    } else if (errno != EINTR) {
      return false;
    }
  }
  output.clear();
  output_sent = 0;
  watch_writable(epoll, false);
  return true;
}

void Connection::watch_writable(int epoll, bool on) {
  if (watching_writable_ == on) return;
  watching_writable_ = on;
  epoll_event event{};
  event.events = on ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = this;
  epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event);
}

void Connection::close() {
  if (socket >= 0) ::close(socket);
  socket = -1;
  state = State::closed;
}

}  // namespace pistachio::bench
