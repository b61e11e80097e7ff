#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/http/request.h"
#include "tests/support/catch.h"

namespace pistachio::test {

std::optional<std::string> Answer::field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos &&
        http::equals_ignoring_case(line.substr(0, colon), name)) {
      return std::string(line.substr(colon + 2));
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 2);
  }
  return std::nullopt;
}

RawClient::RawClient(std::uint16_t port, Turn turn) : turn_(std::move(turn)) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(fd_, F_SETFL, O_NONBLOCK);
}

RawClient::RawClient(const std::string& path, Turn turn) : turn_(std::move(turn)) {
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  fcntl(fd_, F_SETFL, O_NONBLOCK);
}

RawClient::~RawClient() { close(); }

void RawClient::turn_until(const std::function<bool()>& done) {
  // Generous: a sanitized build on a busy machine.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    turn_();
    pollfd wait{fd_, POLLIN, 0};
    poll(&wait, 1, 1);
  }
}

std::size_t RawClient::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void RawClient::send(std::string_view bytes) {
  turn_until([&] {
    bytes.remove_prefix(send_some(bytes));
    return bytes.empty();
  });
}

bool RawClient::fill() {
  char buffer[16384];
  const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
  if (got > 0) input_.append(buffer, static_cast<std::size_t>(got));
  if (got < 0 && errno == ECONNRESET) reset_ = true;
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) ended_ = true;
  return !ended_;
}

Answer RawClient::answer() {
  Answer answer;
  std::size_t head_end = std::string::npos;
  std::size_t total = 0;
  turn_until([&] {
    fill();
    head_end = input_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      answer.head = input_.substr(0, head_end);
      answer.status = std::stoi(answer.head.substr(9, 3));
      if (answer.status / 100 == 1) {  // 100 Continue: not the answer
        input_.erase(0, head_end + 4);
        return false;
      }
      total = head_end + 4 + std::stoul(answer.field("Content-Length").value_or("0"));
      if (input_.size() >= total) return true;
    }
    if (ended_) FAIL("the server closed; received so far: " << input_.substr(0, 1000));
    return false;
  });
  answer.body = input_.substr(head_end + 4, total - head_end - 4);
  input_.erase(0, total);
  return answer;
}

Answer RawClient::ask(std::string_view bytes) {
  send(bytes);
  return answer();
}

std::string RawClient::read(std::size_t count) {
  turn_until([&] {
    if (input_.size() < count) {
      std::string part(count - input_.size(), '\0');
      const ssize_t got = recv(fd_, part.data(), part.size(), 0);
      if (got > 0) input_.append(part, 0, static_cast<std::size_t>(got));
    }
    return input_.size() >= count;
  });
  std::string out = input_.substr(0, count);
  input_.erase(0, count);
  return out;
}

bool RawClient::closed_by_server() {
  turn_until([&] {
    while (!ended_ && fill()) {
      if (input_.empty()) break;
      input_.clear();
    }
    return ended_;
  });
  return ended_;
}

bool RawClient::has_input() const {
  pollfd now{fd_, POLLIN, 0};
  return !input_.empty() || poll(&now, 1, 0) == 1;
}

bool RawClient::quiet() {
  for (int i = 0; i < 20; ++i) {
    turn_();
    pollfd wait{fd_, POLLIN, 0};
    poll(&wait, 1, 1);
    fill();
  }
  return input_.empty() && !ended_;
}

void RawClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void RawClient::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close();
}

void RawClient::end() { shutdown(fd_, SHUT_WR); }

void RawClient::shrink_receive_buffer() {
  const int small = 4096;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

}  // namespace pistachio::test
