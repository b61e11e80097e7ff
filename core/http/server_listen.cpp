// The listening half of Server: addresses, sockets of a service manager, stale socket files.

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/http/listener.h"
#include "core/http/server.h"

namespace pistachio::http {
namespace {

// The kernel cuts it to its own limit (net.core.somaxconn).
constexpr int kBacklog = 4096;

tl::unexpected<Error> cannot_listen(const std::string& where, std::string_view why) {
  return failure(Errc::bad_argument, "cannot listen on " + where + ": " + std::string(why));
}

}  // namespace

Expected<std::vector<std::string>> Server::listen(const ListenAddress& address) {
  std::vector<std::string> bound;
  if (address.is_unix()) {
    auto where = listen_unix(address);
    if (!where) return tl::make_unexpected(where.error());
    bound.push_back(*std::move(where));
    return bound;
  }
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  // Blocking, and that is right: this is the start, nobody is served yet.
  const int status =
      getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), "0", &hints, &found);
  if (status != 0) return cannot_listen(address.text(), gai_strerror(status));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  // "All addresses" is one socket for both families where the machine has IPv6: the second bind
  // would be refused.
  std::optional<Error> refused;
  for (int family : {AF_INET6, AF_INET}) {
    if (address.host.empty() && !bound.empty()) break;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      if (each->ai_family != family) continue;
      auto where = listen_tcp(address, each->ai_addr, address.port);
      if (where) {
        bound.push_back(*std::move(where));
      } else {
        refused = where.error();
      }
      if (address.port == 0 && !bound.empty()) return bound;  // one free port, not one per family
    }
  }
  if (bound.empty()) return tl::make_unexpected(*refused);
  return bound;
}

Expected<std::string> Server::listen_tcp(const ListenAddress& address, const void* sockaddr,
                                         std::uint16_t port) {
  sockaddr_storage where{};
  const auto* generic = static_cast<const struct sockaddr*>(sockaddr);
  if (generic->sa_family == AF_INET6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(where);
    v6 = *reinterpret_cast<const sockaddr_in6*>(generic);
    v6.sin6_port = htons(port);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(where);
    v4 = *reinterpret_cast<const sockaddr_in*>(generic);
    v4.sin_port = htons(port);
  }
  auto listener = std::make_unique<Listener>();
  uv_tcp_init(loop_.uv(), &listener->tcp);
  // libuv sets SO_REUSEADDR, so a restart does not wait for TIME_WAIT; two servers on one port are
  // still refused.
  int status = uv_tcp_bind(&listener->tcp, reinterpret_cast<struct sockaddr*>(&where), 0);
  // Inherited by every connection: answers are small and must not wait for more.
  if (status == 0) status = uv_tcp_nodelay(&listener->tcp, 1);
  if (status != 0) {
    Listener::close(std::move(listener));
    return cannot_listen(address.text(), uv_strerror(status));
  }
  auto opened = open_listener(std::move(listener), address.text());
  if (!opened) return opened;
  return bound_address(*listeners_.back());
}

Expected<std::string> Server::listen_unix(const ListenAddress& address) {
  // A socket file outlives a server that was killed. It may go if nobody answers behind it, and
  // only if it is a socket.
  struct stat status {};
  if (lstat(address.unix_path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return cannot_listen(address.text(), "the path exists and is not a socket");
    }
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, address.unix_path.c_str(), address.unix_path.size() + 1);
    const int connected = connect(probe, reinterpret_cast<sockaddr*>(&where), sizeof(where));
    const int error = errno;
    close(probe);
    if (connected == 0 || error != ECONNREFUSED) {
      return cannot_listen(address.text(), "address already in use");
    }
    unlink(address.unix_path.c_str());
  }
  auto listener = std::make_unique<Listener>();
  listener->unix_socket = true;
  uv_pipe_init(loop_.uv(), &listener->pipe, 0);
  if (const int bound = uv_pipe_bind(&listener->pipe, address.unix_path.c_str()); bound != 0) {
    Listener::close(std::move(listener));
    // libuv says EACCES where the directory is missing.
    const std::string folder = address.unix_path.substr(0, address.unix_path.rfind('/') + 1);
    if (access(folder.c_str(), F_OK) != 0)
      return cannot_listen(address.text(), "there is no directory " + folder);
    return cannot_listen(address.text(), uv_strerror(bound));
  }
  return open_listener(std::move(listener), address.text());
}

Expected<std::string> Server::open_listener(std::unique_ptr<Listener> listener,
                                            const std::string& where) {
  listener->server = this;
  const int status = uv_listen(&listener->stream, kBacklog, [](uv_stream_t* stream, int error) {
    Listener& self = *static_cast<Listener*>(stream->data);
    if (error == 0) self.server->on_connection(self);
  });
  if (status != 0) {
    Listener::close(std::move(listener));
    return cannot_listen(where, uv_strerror(status));
  }
  listeners_.push_back(std::move(listener));
  return where;
}

Expected<std::string> Server::adopt(int descriptor) {
  const std::string name = "the passed socket " + std::to_string(descriptor);
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(descriptor, reinterpret_cast<struct sockaddr*>(&address), &size) != 0) {
    return cannot_listen(name, std::strerror(errno));
  }
  auto listener = std::make_unique<Listener>();
  listener->unix_socket = address.ss_family == AF_UNIX;
  int status = 0;
  if (listener->unix_socket) {
    uv_pipe_init(loop_.uv(), &listener->pipe, 0);
    status = uv_pipe_open(&listener->pipe, descriptor);
  } else {
    uv_tcp_init(loop_.uv(), &listener->tcp);
    status = uv_tcp_open(&listener->tcp, descriptor);
    if (status == 0) status = uv_tcp_nodelay(&listener->tcp, 1);
  }
  if (status != 0) {
    Listener::close(std::move(listener));
    return cannot_listen(name, uv_strerror(status));
  }
  auto opened = open_listener(std::move(listener), name);
  if (!opened) return opened;
  return bound_address(*listeners_.back());
}

std::string Server::bound_address(const Listener& listener) const {
  char text[sizeof(sockaddr_un::sun_path) + 1] = "";
  ListenAddress bound;
  if (listener.unix_socket) {
    std::size_t size = sizeof(text);
    uv_pipe_getsockname(&listener.pipe, text, &size);
    bound.unix_path.assign(text, size);
    return bound.text();
  }
  sockaddr_storage actual{};
  int size = sizeof(actual);
  uv_tcp_getsockname(&listener.tcp, reinterpret_cast<struct sockaddr*>(&actual), &size);
  if (actual.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(actual);
    uv_ip6_name(&v6, text, sizeof(text));
    bound.port = ntohs(v6.sin6_port);
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(actual);
    uv_ip4_name(&v4, text, sizeof(text));
    bound.port = ntohs(v4.sin_port);
  }
  bound.host = text;
  return bound.text();
}

}  // namespace pistachio::http
