#include "tests/support/fake_server.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace pistachio::test {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

// One request, or nothing at the end of the connection. `buffer` holds what was read beyond it.
std::optional<FakeRequest> read_request(int socket, std::string& buffer) {
  const auto more = [&] {
    char chunk[16384];
    const auto got = ::recv(socket, chunk, sizeof(chunk), 0);
    if (got <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(got));
    return true;
  };
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  FakeRequest request;
  request.head = buffer.substr(0, end + 2);
  const auto line = request.head.substr(0, request.head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  const std::string length = request.field("Content-Length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (buffer.size() < end + 4 + size) {
    if (!more()) return std::nullopt;
  }
  request.body = buffer.substr(end + 4, size);
  buffer.erase(0, end + 4 + size);
  return request;
}

}  // namespace

std::string FakeRequest::field(const std::string& name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    at += 2;
    const auto end = head.find("\r\n", at);
    const auto colon = head.find(':', at);
    if (colon < end && colon - at == name.size() &&
        ::strncasecmp(head.data() + at, name.data(), name.size()) == 0) {
      const auto value = head.find_first_not_of(' ', colon + 1);
      return head.substr(value, end - value);
    }
    at = end;
  }
  return "";
}

std::string FakeRequest::query(const std::string& name) const {
  std::size_t at = target.find('?');
  while (at != std::string::npos) {
    const auto end = std::min(target.find('&', at + 1), target.size());
    const auto part = target.substr(at + 1, end - at - 1);
    if (part.starts_with(name + "=")) return part.substr(name.size() + 1);
    at = end == target.size() ? std::string::npos : end;
  }
  return "";
}

std::string FakeRequest::path() const { return target.substr(0, target.find('?')); }

FakePeer::FakePeer(int socket, const std::atomic<bool>& leaving)
    : socket_(socket), leaving_(leaving) {}

void FakePeer::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto now = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return;
    sent += static_cast<std::size_t>(now);
  }
}

void FakePeer::answer(int status, const std::string& fields, const std::string& body) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Status\r\n" + fields;
  if (status != 204) head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send(head + "\r\n" + body);
}

bool FakePeer::wait_until_gone() {
  while (!leaving_) {
    if (wait_until_gone(Duration(20))) return true;
  }
  return false;
}

bool FakePeer::wait_until_gone(Duration span) {
  pollfd event{socket_, POLLRDHUP, 0};
  return ::poll(&event, 1, static_cast<int>(span.count())) > 0;
}

void FakePeer::close() {
  closed_ = true;
  ::shutdown(socket_, SHUT_RDWR);
}

void FakePeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  closed_ = true;
}

FakeServer::FakeServer(Script script, bool socket_file, AtEnd at_end)
    : script_(std::move(script)), at_end_(std::move(at_end)) {
  if (socket_file) {
    char name[] = "/tmp/pistachio-test-XXXXXX";
    if (::mkdtemp(name) == nullptr) fail("mkdtemp");
    directory_ = name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (directory_ + "/s").c_str());
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      fail("bind");
    }
    url_ = "unix:" + directory_ + "/s:/messages";
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      fail("bind");
    }
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/messages";
  }
  if (::listen(listening_, 64) != 0) fail("listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::~FakeServer() {
  leaving_ = true;
  ::shutdown(listening_, SHUT_RDWR);
  acceptor_.join();
  ::close(listening_);
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (auto& thread : threads) thread.join();
  if (!directory_.empty()) {
    ::unlink((directory_ + "/s").c_str());
    ::rmdir(directory_.c_str());
  }
}

std::string FakeServer::url() const { return url_; }

void FakeServer::accept_all() {
  for (int number = 1; !leaving_; ++number) {
    const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void FakeServer::serve(int socket, int number) {
  std::string buffer;
  FakePeer peer(socket, leaving_);
  while (!leaving_ && !peer.closed()) {
    auto request = read_request(socket, buffer);
    if (!request) break;
    request->connection = number;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
      came_.notify_all();
    }
    script_(*request, peer);
  }
  if (at_end_) {
    int unacknowledged = 0;
    ::ioctl(socket, SIOCOUTQ, &unacknowledged);
    at_end_(number, unacknowledged == 0);
  }
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, socket);
  ::close(socket);
}

std::vector<FakeRequest> FakeServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool FakeServer::wait_for(
    const std::function<bool(const std::vector<FakeRequest>&)>& enough) const {
  std::unique_lock lock(mutex_);
  return came_.wait_for(lock, std::chrono::seconds(10), [&] { return enough(requests_); });
}

bool FakeServer::wait_for(std::size_t count) const {
  return wait_for([count](const auto& requests) { return requests.size() >= count; });
}

}  // namespace pistachio::test
