#include "core/http/socket_probe.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

namespace pistachio::http {

std::size_t unacknowledged_bytes(int fd, bool fin_sent) {
  int bytes = 0;
  if (ioctl(fd, TIOCOUTQ, &bytes) != 0 || bytes <= 0) return 0;
  if (fin_sent) --bytes;
  return static_cast<std::size_t>(bytes);
}

Unread next_unread(int fd) {
  char next = 0;
  const ssize_t count = recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) return Unread::input;
  const bool is_open = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return is_open ? Unread::nothing : Unread::end;
}

bool peer_has_ended(int fd) {
#ifdef POLLRDHUP
  pollfd question{fd, POLLRDHUP, 0};
  return poll(&question, 1, 0) == 1;
#else
  char next = 0;
  return recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
#endif
}

bool was_reset(int fd) {
  pollfd question{fd, 0, 0};  // an error is told unasked
  return poll(&question, 1, 0) == 1 && (question.revents & POLLERR) != 0;
}

void reset_on_close(int fd) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

bool connection_gone(int fd) {
#ifdef __linux__
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_state == TCP_CLOSE;
#else
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0;
#endif
}

}  // namespace pistachio::http
