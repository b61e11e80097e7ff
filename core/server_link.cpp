#include "core/server_link.h"

#include <fcntl.h>
#include <httplib.h>
#include <strings.h>
#include <unistd.h>

#include "core/early_answer.h"
#include "core/plain_client.h"
#include "core/version.h"

namespace pistachio {
namespace {

using Kind = ExchangeFailure::Kind;

// Per address that a name stands for. The deadline of the exchange is kept by the watch; the
// library's own timeouts, which are per system call, only must not be shorter.
constexpr auto kConnectTimeout = std::chrono::seconds(3);
constexpr auto kLibraryTimeout = std::chrono::hours(24);

// A kept-alive connection that breaks sooner than this after it was used again had been closed
// before.
constexpr auto kStaleWithin = std::chrono::seconds(1);

}  // namespace

// The library's client, the descriptor of its socket, and what happens around one exchange.
class ServerLink::Wire {
 public:
  Wire(ClientUrl url, LinkOptions options, ExchangeWatch& watch)
      : url_(std::move(url)), options_(std::move(options)), watch_(watch), client_(make_client()) {
    client_->set_keep_alive(true);
    client_->set_tcp_nodelay(true);
    client_->set_url_encode(false);
    client_->set_connection_timeout(kConnectTimeout);
    client_->set_read_timeout(kLibraryTimeout);
    client_->set_write_timeout(kLibraryTimeout);
    client_->set_socket_options([this](socket_t socket) { connects(socket); });
    default_fields_.emplace("Host", url_.host_field());
    default_fields_.emplace("User-Agent", "pistachio/" + std::string(version()));
    if (!options_.token.empty()) {
      default_fields_.emplace("Authorization", "Bearer " + options_.token);
    }
  }

  ~Wire() { keep(-1); }

  const ClientUrl& url() const { return url_; }

  tl::expected<HttpAnswer, ExchangeFailure> exchange(const HttpRequest& request,
                                                     Deadline deadline) {
    const bool reused = client_->is_socket_open() != 0;
    const auto begun = std::chrono::steady_clock::now();
    auto answer = once(request, deadline);
    if (!answer && answer.error().kind == Kind::broken && reused &&
        std::chrono::steady_clock::now() - begun < kStaleWithin) {
      answer = once(request, deadline);
    }
    return answer;
  }

 private:
  std::unique_ptr<httplib::ClientImpl> make_client() const {
    if (!url_.socket_path.empty()) {
      auto client = make_plain_client(url_.socket_path, 80);
      client->set_address_family(AF_UNIX);
      return client;
    }
    if (!url_.tls) return make_plain_client(url_.host, url_.port);
    auto client = std::make_unique<httplib::SSLClient>(url_.host, url_.port);
    if (!options_.ca_file.empty()) client->set_ca_cert_path(options_.ca_file);
    client->enable_server_certificate_verification(!options_.insecure);
    return client;
  }

  tl::expected<HttpAnswer, ExchangeFailure> once(const HttpRequest& request, Deadline deadline) {
    ExchangeWatch::Exchange exchange(watch_, deadline, request.waits);
    if (exchange.cut() != ExchangeWatch::Cut::no) return failed(exchange, httplib::Error::Canceled);
    connected_ = client_->is_socket_open() != 0;
    if (connected_) exchange.socket_is(socket_);
    present_ = &exchange;

    httplib::Request wish;
    wish.method = request.method;
    wish.path = request.target;
    wish.headers = default_fields_;
    for (const auto& [name, value] : request.fields) wish.headers.emplace(name, value);
    wish.body.assign(request.body);
    HttpAnswer answer;
    wish.content_receiver = [&answer](const char* data, std::size_t size, std::uint64_t,
                                      std::uint64_t) {
      if (answer.body.size() + size > kMaxAnswer) return false;
      answer.body.append(data, size);
      return true;
    };
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    const bool came = client_->send(wish, response, error);
    present_ = nullptr;
    if (!came) {
      // What a server said is worth more than that it did not listen to the end.
      if (!request.body.empty() && socket_ >= 0) {
        if (auto early = early_answer(socket_)) return *std::move(early);
      }
      return failed(exchange, error);
    }

    answer.status = response.status;
    answer.fields.reserve(response.headers.size());
    for (const auto& [name, value] : response.headers) answer.fields.emplace_back(name, value);
    return answer;
  }

  // Called by the library for each socket it makes, before it connects. Our own descriptor of it
  // lets the watch shut it down at any time: the library's may be closed, and its number another
  // socket's, at any moment.
  void connects(int socket) {
    connected_ = true;
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (present_ != nullptr) present_->socket_is(copy);
    keep(copy);
  }

  void keep(int socket) {
    if (socket_ >= 0) ::close(socket_);
    socket_ = socket;
  }

  tl::unexpected<ExchangeFailure> failed(const ExchangeWatch::Exchange& exchange,
                                         httplib::Error error) {
    const std::string server = url_.text();
    switch (exchange.cut()) {
      case ExchangeWatch::Cut::late:
        return fail(Kind::late, "no answer from " + server + " in time");
      case ExchangeWatch::Cut::stopped:
        return fail(Kind::stopped, "the request to " + server + " was called off");
      case ExchangeWatch::Cut::no:
        break;
    }
    using E = httplib::Error;
    switch (error) {
      case E::Connection:
      case E::ConnectionTimeout:
      case E::BindIPAddress:
        if (!connected_) return fail(Kind::unreachable, "cannot find the host of " + server);
        return fail(Kind::unreachable,
                    "cannot connect to " + server +
                        (error == E::ConnectionTimeout ? " in time"
                                                       : " (is pistachio serve running there?)"));
      case E::SSLConnection:
        return fail(Kind::unreachable, "no TLS with " + server);
      case E::SSLLoadingCerts:
        return fail(Kind::unreachable, "cannot load the certificates in " + options_.ca_file);
      case E::SSLServerVerification:
        return fail(Kind::unreachable,
                    "the certificate of " + server + " is not trusted (see --ca-file)");
      case E::Canceled:
        return fail(Kind::broken, "the answer of " + server + " is too large");
      default:
        return fail(Kind::broken, "the connection to " + server + " ended without a whole answer");
    }
  }

  static tl::unexpected<ExchangeFailure> fail(Kind kind, std::string message) {
    return tl::make_unexpected(ExchangeFailure{kind, std::move(message)});
  }

  const ClientUrl url_;
  const LinkOptions options_;
  ExchangeWatch& watch_;
  std::unique_ptr<httplib::ClientImpl> client_;
  httplib::Headers default_fields_;
  int socket_ = -1;                             // ours: a duplicate of the library's
  ExchangeWatch::Exchange* present_ = nullptr;  // the one under way, for connects()
  bool connected_ = false;                      // the present exchange has, or had, a socket
};

std::optional<std::string_view> HttpAnswer::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) {
      return value;
    }
  }
  return std::nullopt;
}

ServerLink::ServerLink(ClientUrl url, LinkOptions options, ExchangeWatch& watch)
    : wire_(std::make_unique<Wire>(std::move(url), std::move(options), watch)) {}
ServerLink::~ServerLink() = default;
ServerLink::ServerLink(ServerLink&&) noexcept = default;

const ClientUrl& ServerLink::url() const { return wire_->url(); }

tl::expected<HttpAnswer, ExchangeFailure> ServerLink::exchange(const HttpRequest& request,
                                                               Deadline deadline) {
  return wire_->exchange(request, deadline);
}

}  // namespace pistachio
