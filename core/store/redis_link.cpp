#include "core/store/redis_link.h"

#include <hiredis/hiredis.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <uv.h>

#include <array>
#include <memory>
#include <utility>

namespace pistachio {
namespace {

// An idle connection that a middlebox has forgotten is noticed after about this and three probes.
constexpr unsigned kKeepAliveSeconds = 15;

struct FreeReader {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};

}  // namespace

// All that libuv and the kernel know. It outlives the link until libuv has let go of every handle
// and request, and answers to nobody then.
struct RedisLink::Socket {
  explicit Socket(RedisLink& link) : owner(&link), reader(redisReaderCreate()) {
    // Else hiredis gives its buffer back and takes a new one for almost every read.
    reader->maxbuf = 1u << 20;
  }

  struct Write {
    uv_write_t request{};
    Socket* socket = nullptr;
    std::string bytes;
  };

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle); }
  uv_handle_t* as_handle() { return reinterpret_cast<uv_handle_t*>(&handle); }

  void connect_to(const sockaddr* address) {
    uv_tcp_init(owner->loop_, &handle.tcp);
    begin();
    uv_tcp_nodelay(&handle.tcp, 1);
    uv_tcp_keepalive(&handle.tcp, 1, kKeepAliveSeconds);
    const int status = uv_tcp_connect(&connecting, &handle.tcp, address, on_connected);
    if (status != 0) owner->lose(std::string("cannot connect: ") + uv_strerror(status));
  }

  void connect_to(const std::string& path) {
    uv_pipe_init(owner->loop_, &handle.pipe, 0);
    begin();
    uv_pipe_connect(&connecting, &handle.pipe, path.c_str(), on_connected);
  }

  void begin() {
    as_handle()->data = this;
    connecting.data = this;
    has_handle = true;
  }

  static void on_resolved(uv_getaddrinfo_t* request, int status, addrinfo* found) {
    const std::unique_ptr<uv_getaddrinfo_t> own(request);
    auto* const socket = static_cast<Socket*>(request->data);
    socket->resolving = nullptr;
    if (socket->owner == nullptr) {
      delete socket;
    } else if (status != 0) {
      socket->owner->lose("cannot resolve the name " + socket->owner->address_.host + ": " +
                          uv_strerror(status));
    } else {
      socket->connect_to(found->ai_addr);
    }
    uv_freeaddrinfo(found);
  }

  static void on_connected(uv_connect_t* request, int status) {
    auto* const socket = static_cast<Socket*>(request->data);
    if (socket->owner == nullptr) return;
    if (status != 0) {
      return socket->owner->lose(std::string("cannot connect: ") + uv_strerror(status));
    }
    uv_read_start(
        socket->stream(),
        [](uv_handle_t* stream, std::size_t, uv_buf_t* buffer) {
          auto& room = static_cast<Socket*>(stream->data)->input;
          *buffer = uv_buf_init(room.data(), static_cast<unsigned>(room.size()));
        },
        [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
          static_cast<Socket*>(stream->data)->on_read(count, buffer->base);
        });
    socket->owner->callbacks_.connected();
  }

  void on_read(ssize_t count, const char* bytes) {
    if (owner == nullptr || count == 0) return;
    if (count < 0) {
      return owner->lose(count == UV_EOF ? "the connection was closed by Redis"
                                         : std::string("the connection broke: ") +
                                               uv_strerror(static_cast<int>(count)));
    }
    redisReaderFeed(reader.get(), bytes, static_cast<std::size_t>(count));
    for (;;) {
      void* reply = nullptr;
      if (redisReaderGetReply(reader.get(), &reply) != REDIS_OK) {
        return owner->lose(std::string("the answer is not Redis': ") + reader->errstr);
      }
      if (reply == nullptr) return;
      ++answers;
      owner->callbacks_.answered(RedisReply(static_cast<redisReply*>(reply)));
      if (owner == nullptr) return;  // the answer made it close
    }
  }

  void write(std::string_view bytes) {
    if (unwritten == 0) {
      // libuv only reads it.
      const uv_buf_t buffer =
          uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
      const int taken = uv_try_write(stream(), &buffer, 1);
      if (taken == static_cast<int>(bytes.size())) return;
      if (taken > 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
    auto own = std::make_unique<Write>();
    own->socket = this;
    own->bytes = bytes;
    own->request.data = own.get();
    const uv_buf_t buffer =
        uv_buf_init(own->bytes.data(), static_cast<unsigned>(own->bytes.size()));
    const int status = uv_write(&own->request, stream(), &buffer, 1, [](uv_write_t* request, int) {
      const std::unique_ptr<Write> done(static_cast<Write*>(request->data));
      // When it could not be written the connection has ended, of which reading tells, and
      // before that what Redis said last: why it does not want us, say.
      --done->socket->unwritten;
    });
    if (status != 0) return;  // closing: nobody waits for it
    ++unwritten;
    static_cast<void>(own.release());  // the callback's now
  }

  // Nobody's any more.
  void abandon() {
    owner = nullptr;
    if (resolving != nullptr) {
      uv_cancel(reinterpret_cast<uv_req_t*>(resolving));
    } else if (has_handle) {
      uv_close(as_handle(), [](uv_handle_t* closed) { delete static_cast<Socket*>(closed->data); });
    } else {
      delete this;
    }
  }

  RedisLink* owner;
  std::unique_ptr<redisReader, FreeReader> reader;
  union {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle{};
  uv_connect_t connecting{};
  uv_getaddrinfo_t* resolving = nullptr;
  bool has_handle = false;
  std::size_t unwritten = 0;  // write requests that libuv has
  std::size_t answers = 0;
  std::array<char, 64 << 10> input;
};

RedisLink::RedisLink(uv_loop_s* loop, RedisAddress address, Callbacks callbacks)
    : loop_(loop), address_(std::move(address)), callbacks_(std::move(callbacks)) {}

RedisLink::~RedisLink() { close(); }

void RedisLink::connect() {
  socket_ = new Socket(*this);
  if (!address_.path.empty()) return socket_->connect_to(address_.path);
  auto* const request = new uv_getaddrinfo_t{};
  request->data = socket_;
  socket_->resolving = request;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const std::string port = std::to_string(address_.port);
  const int status = uv_getaddrinfo(loop_, request, Socket::on_resolved, address_.host.c_str(),
                                    port.c_str(), &hints);
  if (status == 0) return;
  socket_->resolving = nullptr;
  delete request;
  lose("cannot resolve the name " + address_.host + ": " + uv_strerror(status));
}

void RedisLink::write(std::string_view bytes) {
  if (socket_ != nullptr && socket_->has_handle) socket_->write(bytes);
}

void RedisLink::close() {
  if (socket_ != nullptr) std::exchange(socket_, nullptr)->abandon();
}

void RedisLink::lose(const std::string& why) {
  close();
  callbacks_.lost(why);
}

void RedisLink::wait_for(std::size_t answers, Duration most) {
  constexpr Duration kLook{10};
  if (socket_ == nullptr || !socket_->has_handle) return;
  const std::size_t until = socket_->answers + answers;
  for (Duration waited{}; waited < most;) {
    // libuv's own turns, without sleeping in them: whatever else is in this loop has been closed.
    uv_run(loop_, UV_RUN_NOWAIT);
    int descriptor = -1;
    if (socket_ == nullptr || socket_->answers >= until) return;
    if (uv_fileno(socket_->as_handle(), &descriptor) != 0) return;
    pollfd wait{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(kLook.count())) == 0) waited += kLook;
  }
}

}  // namespace pistachio
