#include "core/plain_client.h"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

#include "core/prompt_wait.h"

namespace pistachio {
namespace {

// What is written is sent together with what follows, up to so much.
constexpr std::size_t kGathered = 16 << 10;

class PlainStream : public httplib::Stream {
 public:
  /// `answers`: of all requests to this server; must outlive this.
  PlainStream(int socket, PromptWait& answers) : socket_(socket), answers_(answers) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }

  ssize_t read(char* bytes, std::size_t size) override {
    if (!send_gathered()) return -1;
    if (first_ == last_) {
      // What is large goes to its place at once.
      if (size >= input_.size()) return receive(bytes, size, 0);
      const ssize_t count = std::exchange(answer_begun_, true)
                                ? receive(input_.data(), input_.size(), 0)
                                : await_answer(input_.data(), input_.size());
      if (count <= 0) return count;
      first_ = 0;
      last_ = static_cast<std::size_t>(count);
    }
    const std::size_t count = std::min(size, last_ - first_);
    std::memcpy(bytes, input_.data() + first_, count);
    first_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* bytes, std::size_t size) override {
    const bool is_small = gathered_.size() + size <= kGathered;
    if (is_small) {
      gathered_.append(bytes, size);
    } else if (!send_gathered() || !send_all({bytes, size})) {
      return -1;
    }
    return static_cast<ssize_t>(size);
  }

  // Only for what the library's user may ask for, and we do not.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  ssize_t receive(char* bytes, std::size_t size, int flags) const {
    for (;;) {
      const ssize_t count = ::recv(socket_, bytes, size, flags);
      if (count >= 0 || errno != EINTR) return count;
    }
  }

  ssize_t await_answer(char* bytes, std::size_t size) {
    ssize_t count = -1;
    const auto look = [&] {
      count = receive(bytes, size, MSG_DONTWAIT);
      return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    };
    if (answers_.look_until(look)) return count;
    count = receive(bytes, size, 0);
    answers_.slept();
    return count;
  }

  bool send_gathered() {
    const bool sent = send_all(gathered_);
    gathered_.clear();
    return sent;
  }

  bool send_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  const int socket_;
  PromptWait& answers_;
  bool answer_begun_ = false;
  std::string gathered_;
  std::array<char, 4096> input_;
  std::size_t first_ = 0;  // of input_, what has been received and not read
  std::size_t last_ = 0;
};

class PlainClient : public httplib::ClientImpl {
 public:
  using httplib::ClientImpl::ClientImpl;

 private:
  bool process_socket(const Socket& socket,
                      std::function<bool(httplib::Stream& stream)> callback) override {
    PlainStream stream(socket.sock, answers_);
    return callback(stream);
  }

  PromptWait answers_;
};

}  // namespace

std::unique_ptr<httplib::ClientImpl> make_plain_client(const std::string& host, int port) {
  return std::make_unique<PlainClient>(host, port);
}

}  // namespace pistachio
