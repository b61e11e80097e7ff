#include "cli/serve.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <ostream>
#include <stdexcept>

#include "cli/server_log.h"
#include "cli/signal_pipe.h"
#include "cli/systemd.h"
#include "core/api/api.h"
#include "core/loop.h"
#include "core/store/open_store.h"

namespace pistachio::cli {
namespace {

// Descriptors that are not for clients: standard streams, the loop's own, listeners, the store, and
// some to spare.
constexpr std::size_t kReservedDescriptors = 64;

// What an SQLite database takes in one piece.
constexpr std::uint64_t kMostMessageSize = 1'000'000'000;

// See Cors: more are not told apart.
constexpr std::size_t kMostOrigins = 254;

// How often a draining server looks whether it may go.
constexpr Duration kDrainLook{20};

/// A flag's value that can never work: wrong usage, not a failure.
struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::runtime_error cannot(const std::string& what) { return std::runtime_error(what); }

/// Raises the soft limit of open files to the hard one and returns how many clients that leaves
/// room for.
std::size_t room_for_connections() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1000;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t files = limit.rlim_cur == RLIM_INFINITY ? 1'000'000 : limit.rlim_cur;
  return files > 2 * kReservedDescriptors ? files - kReservedDescriptors : files / 2;
}

/// The signals that end a server: the first drains, a second one of either kind stops at once.
class Stopper {
 public:
  Stopper(Loop& loop, Api& api, Duration drain_timeout, ServerLog& log)
      : loop_(loop), api_(api), drain_timeout_(drain_timeout), log_(log) {
    for (const auto& [handle, which] : {std::pair{&term_, SIGTERM}, std::pair{&interrupt_, SIGINT},
                                        std::pair{&hang_up_, SIGHUP}}) {
      uv_signal_init(loop.uv(), handle);
      handle->data = this;
      uv_signal_start(
          handle,
          [](uv_signal_t* signal, int number) {
            static_cast<Stopper*>(signal->data)->on_signal(number);
          },
          which);
    }
    loop.add({.next_wish =
                  [this](TimePoint now) {
                    // What clients acknowledge makes no event: it is looked for.
                    return draining_ ? std::min(drain_end_, Deadline::in(kDrainLook, now))
                                     : drain_end_;
                  },
              .run_due = {},
              .run_end = [this](TimePoint now) { return on_turn(now); }});
  }

  int status() const { return status_; }

  /// Lets the loop's handles go, and then handles signals until the process ends: libuv leaves them
  /// to their default, by which the second of two that came together would kill what the first
  /// ends well.
  void close() {
    sigset_t all;
    sigset_t before;
    sigemptyset(&all);
    for (const int which : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&all, which);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (uv_signal_t* handle : {&term_, &interrupt_, &hang_up_})
      uv_close(reinterpret_cast<uv_handle_t*>(handle), nullptr);
    loop_.drain_handles();
    std::signal(SIGHUP, SIG_IGN);
    leave_signals(draining_ ? loop_.now() - begun_ : kOneWish);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

 private:
  void on_signal(int number) {
    if (number == SIGHUP)
      return;  // there is nothing to read again yet; it must not end the server either
    if (draining_) {
      if (loop_.now() < begun_ + kOneWish) return;
      log_.warn("stopped at once by a second signal");
      status_ = 128 + number;
      begun_ = loop_.now();
      loop_.stop();
      return;
    }
    draining_ = true;
    begun_ = loop_.now();
    log_.info("draining: " + std::to_string(api_.broker().polls()) + " polls wait, " +
              std::to_string(api_.server().connections()) + " connections are open");
    notify_service_manager("STOPPING=1");
    drain_end_ = Deadline::in(drain_timeout_, loop_.now());
    api_.drain();
  }

  bool on_turn(TimePoint now) {
    if (!draining_ || loop_.stopping()) return false;
    if (api_.drained()) {
      log_.info("drained");
      loop_.stop();
    } else if (drain_end_.reached(now)) {
      log_.warn("the drain took longer than its time-out; " +
                std::to_string(api_.server().connections()) + " connections are cut");
      status_ = 1;
      loop_.stop();
    }
    return false;
  }

  Loop& loop_;
  Api& api_;
  const Duration drain_timeout_;
  ServerLog& log_;
  uv_signal_t term_{};
  uv_signal_t interrupt_{};
  uv_signal_t hang_up_{};
  bool draining_ = false;
  TimePoint begun_{};  // when the last signal came that counted
  Deadline drain_end_;
  int status_ = 0;
};

void check_path(const std::string& path) {
  const bool plain = path.find_first_not_of(
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/") ==
                     std::string::npos;
  if (path.size() < 2 || path.front() != '/' || path.back() == '/' ||
      path.find("//") != std::string::npos || !plain) {
    throw WrongUsage(
        "--path is '" + path +
        "'; it starts with /, does not end with it, and holds letters, digits and - . _ ~ /");
  }
  if (path == "/healthz" || path == "/readyz" || path == "/metrics") {
    throw WrongUsage("--path is '" + path + "', which is taken; choose another");
  }
}

void check_origins(const std::vector<std::string>& origins) {
  if (origins.size() > kMostOrigins) {
    throw WrongUsage("--cors-origin is given " + std::to_string(origins.size()) +
                     " times; at most " + std::to_string(kMostOrigins) +
                     " origins are told apart, and * allows all");
  }
  for (const std::string& origin : origins) {
    const auto host = origin.find("://");
    const bool plain = host != std::string::npos && host > 0 && host + 3 < origin.size() &&
                       origin.find('/', host + 3) == std::string::npos;
    if (origin != "*" && !plain) {
      throw WrongUsage(
          "--cors-origin is '" + origin +
          "'; it is * or an origin as a browser sends it, such as https://example.org");
    }
  }
}

std::string listen_everywhere(const ServeOptions& options, Api& api) {
  std::string shown;
  const auto add = [&](const std::string& where) {
    if (!shown.empty()) shown += ", ";
    shown +=
        where.starts_with("unix:") ? where + ":" + options.path : "http://" + where + options.path;
  };
  const int passed = passed_sockets();
  for (int i = 0; i < passed; ++i) {
    auto where = api.server().adopt(3 + i);
    if (!where) throw cannot(where.error().message);
    add(*where);
  }
  std::vector<std::string> addresses = options.listen;
  if (addresses.empty() && passed == 0) addresses.push_back("127.0.0.1:8080");
  for (const std::string& text : addresses) {
    const auto address = http::ListenAddress::parse(text);
    if (!address) throw WrongUsage(address.error().message);
    if (!options.open && !address->is_loopback()) {
      throw cannot("cannot listen on " + text +
                   ": everybody who reaches it could push and take messages; say --open if that is "
                   "meant, or listen on "
                   "127.0.0.1");
    }
    const auto bound = api.server().listen(*address);
    if (!bound) throw cannot(bound.error().message);
    for (const std::string& where : *bound) add(where);
  }
  return shown;
}

int run(const ServeOptions& options, std::ostream& err) {
  ServerLog log(options.log_level, options.log_format == "json");
  check_path(options.path);
  check_origins(options.cors_origins);
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  if (options.max_message_size > kMostMessageSize) {
    throw WrongUsage("--max-message-size is at most 1000000000 bytes");
  }
  auto store = open_store(
      options.store,
      {.store = {.max_queued = options.max_queued, .max_attempts = options.max_attempts},
       .name_space = options.name_space,
       .max_store_size = options.max_store_size,
       .memory_budget = options.memory_budget,
       .now = loop.now(),
       .wall_now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()),
       .wake = [&loop] { loop.post([] {}); },
       .loop = loop.uv(),
       .longest_wait = options.timeout,
       .report = [&log](Severity severity, const std::string& what) { log.say(severity, what); }});
  if (!store) throw cannot(store.error().message);

  const std::size_t room = room_for_connections();
  if (options.max_connections > room) {
    throw cannot("--max-connections is " + std::to_string(options.max_connections) +
                 ", but the limit of open files allows " + std::to_string(room) +
                 "; raise it (ulimit -n, LimitNOFILE=) or lower the number");
  }
  http::ServerOptions server_options;
  server_options.max_connections = options.max_connections != 0 ? options.max_connections : room;
  ApiOptions api_options{.path = options.path,
                         .name_space = options.name_space,
                         .timeout = options.timeout,
                         .max_message_size = options.max_message_size,
                         .max_lease = options.max_lease,
                         .default_ttl = options.default_ttl,
                         .cors_origins = options.cors_origins};
  Api api(loop, *store->store, std::move(api_options), server_options, BrokerOptions{});
  Stopper stopper(loop, api, options.drain_timeout, log);
  const auto clean_up = [&] {
    api.server().close_all();
    stopper.close();
  };
  try {
    const std::string where = listen_everywhere(options, api);
    log.ready("serving " + where + ", store " + store->shown, err);
    notify_service_manager("READY=1");
    loop.run();
  } catch (...) {
    clean_up();
    throw;
  }
  clean_up();
  return stopper.status();
}

}  // namespace

std::optional<std::string> default_store(
    const std::function<std::optional<std::string>(const std::string& name)>& environment) {
  const auto set = [&environment](const char* name) {
    auto value = environment(name);
    return value && !value->empty() ? std::move(value) : std::nullopt;
  };
  if (const auto directory = set("STATE_DIRECTORY")) {
    return "file:" + directory->substr(0, directory->find(':'));  // systemd names several so
  }
  if (const auto state = set("XDG_STATE_HOME")) return "file:" + *state + "/pistachio";
  if (const auto home = set("HOME")) return "file:" + *home + "/.local/state/pistachio";
  return std::nullopt;
}

int serve(const ServeOptions& options, std::ostream& err) {
  try {
    return run(options, err);
  } catch (const WrongUsage& error) {
    err << "pistachio: " << error.what() << std::endl;
    return 2;
  } catch (const std::exception& error) {
    err << "pistachio: " << error.what() << std::endl;
    return 1;
  }
}

}  // namespace pistachio::cli
