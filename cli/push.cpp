#include "cli/push.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <ostream>
#include <utility>

#include "cli/exit_status.h"
#include "cli/line_batches.h"
#include "cli/progress.h"
#include "cli/pusher.h"
#include "cli/redis_sender.h"
#include "cli/units.h"
#include "core/endpoint_name.h"

namespace pistachio::cli {
namespace {

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

// Where the message comes from when it is no argument: --file, or standard input.
class Input {
 public:
  Input(const std::string& file, int standard_input)
      : name_(file.empty() ? "standard input" : file),
        descriptor_(file.empty() ? standard_input : ::open(file.c_str(), O_RDONLY | O_CLOEXEC)),
        owned_(!file.empty()) {}
  ~Input() {
    if (owned_ && descriptor_ >= 0) ::close(descriptor_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  const std::string& name() const { return name_; }

  // Of a regular file; 0 when nobody knows.
  std::size_t size() const {
    struct stat about {};
    const bool known = ::fstat(descriptor_, &about) == 0 && S_ISREG(about.st_mode);
    return known ? static_cast<std::size_t>(about.st_size) : 0;
  }

  Expected<std::string> read_all() const {
    constexpr std::size_t kChunk = 64 << 10;
    std::string bytes;
    for (;;) {
      const std::size_t held = bytes.size();
      bytes.resize(held + kChunk);
      const auto got = ::read(descriptor_, bytes.data() + held, kChunk);
      bytes.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
      if (got == 0) return bytes;
      if (got < 0 && errno != EINTR) {
        return failure(Errc::bad_argument, "cannot read " + name_ + ": " + std::strerror(errno));
      }
    }
  }

 private:
  const std::string name_;
  const int descriptor_;
  const bool owned_;
};

bool is_printable(const std::string& text) {
  for (const char c : text) {
    if (c < ' ' || c >= 0x7f) return false;
  }
  return true;
}

std::optional<std::string> what_is_wrong(const PushOptions& options) {
  if (const auto name = EndpointName::parse(options.endpoint); !name) return name.error().message;
  const bool many = options.lines || options.ndjson;
  if (options.lines && options.ndjson) return "--lines and --ndjson exclude each other";
  if (options.message && *options.message != "-" && many) {
    return "--lines and --ndjson read the input: there can be no MESSAGE";
  }
  if (options.message && !options.file.empty()) return "MESSAGE and --file exclude each other";
  if (many && !options.key.empty()) {
    return "--key is for one message; with --lines and --ndjson each batch gets its own";
  }
  if (options.key.size() > 255 || !is_printable(options.key)) {
    return "--key: a key is 1 to 255 printable characters";
  }
  if (!is_printable(options.content_type)) return "--content-type: it is not printable";
  if (options.redis.empty() && !options.name_space.empty()) {
    return "--namespace is that of keys in Redis: it goes with --redis";
  }
  if (options.retry_for > kLongestRetry) {
    return "--retry-for: at most " + describe(kLongestRetry) +
           ", after which a retry might double the message";
  }
  return std::nullopt;
}

int push_one(PushWish& wish, Pusher& pusher, bool verbose, int out) {
  const auto accepted = pusher.push(wish);
  if (!accepted) return accepted.error();
  if (!verbose || accepted->id.empty()) return kDone;
  const std::string line = accepted->id + "\n";
  if (::write(out, line.data(), line.size()) >= 0) return kDone;
  pusher.say(std::string("pushed, but cannot print the id: ") + std::strerror(errno));
  return kFailed;
}

int push_many(PushWish& wish, Pusher& pusher, const Input& input, bool verbose,
              const Surroundings& surroundings) {
  LineBatches batches(input.descriptor());
  Progress progress(surroundings.err, surroundings.err_is_terminal, input.size());
  std::uint64_t pushed = 0;
  const auto stopped = [&](int status) {
    pusher.say(std::to_string(pushed) + " messages were pushed; line " +
               std::to_string(batches.lines_before() + 1) + " and what follows it were not");
    return status;
  };
  for (;;) {
    const auto batch = batches.next();
    if (!batch) {
      progress.clear();
      pusher.say(batch.error().message);
      return stopped(kFailed);
    }
    if (batch->empty()) break;
    wish.body.assign(*batch);
    wish.key.clear();
    const auto first = batches.lines_before() + 1;
    const auto last = batches.lines_before() + batches.lines();
    const auto accepted =
        pusher.push(wish, "lines " + std::to_string(first) + " to " + std::to_string(last) + ": ");
    if (!accepted) {
      progress.clear();
      return stopped(accepted.error());
    }
    pushed += accepted->count;
    progress.show(pushed, batches.bytes(), now());
  }
  progress.clear();
  if (verbose) pusher.say(std::to_string(pushed) + " messages were pushed");
  return kDone;
}

// For one attempt: a server that takes the connection and is silent must not use up the time for
// retries, and a large message over a slow line must get through.
Duration patience(std::size_t bytes) {
  constexpr std::size_t kSlowestLine = 64;  // bytes per millisecond
  return std::chrono::seconds(10) + Duration(static_cast<Duration::rep>(bytes / kSlowestLine));
}

// Over HTTP, on one connection.
class HttpSender {
 public:
  HttpSender(const ClientUrl& url, const LinkOptions& link) : client_(url, link, watch_) {}

  PushAnswer push(const PushWish& wish) {
    const auto answered = client_.push(wish, Deadline::in(patience(wish.body.size()), now()));
    if (answered) return read_push_answer(*answered);
    return PushTrouble{answered.error().message, std::nullopt, true};
  }

 private:
  ExchangeWatch watch_;
  Client client_;
};

// An error is the exit status and why.
tl::expected<Pusher::Attempt, std::pair<int, std::string>> sender_of(const PushOptions& options) {
  const auto wrong = [](int status, const std::string& why) {
    return tl::make_unexpected(std::pair(status, why));
  };
  if (!options.redis.empty()) {
    auto sender = std::make_shared<RedisSender>(options.redis, options.name_space);
    return [sender](const PushWish& wish) { return sender->push(wish); };
  }
  const auto url = ClientUrl::parse(options.server.url);
  if (!url) return wrong(kWrongUsage, "--url: " + url.error().message);
  const auto link = link_options(options.server);
  if (!link) return wrong(kFailed, link.error().message);
  auto sender = std::make_shared<HttpSender>(*url, *link);
  return [sender](const PushWish& wish) { return sender->push(wish); };
}

}  // namespace

int push(const PushOptions& options, const Surroundings& surroundings) {
  const auto complain = [&](int status, const std::string& what) {
    surroundings.err << "pistachio push: " << what << std::endl;
    return status;
  };
  if (const auto wrong = what_is_wrong(options)) return complain(kWrongUsage, *wrong);
  const auto sender = sender_of(options);
  if (!sender) return complain(sender.error().first, sender.error().second);
  const Input input(options.file, surroundings.in);
  if (!input.is_open()) {
    return complain(kFailed, "cannot open " + input.name() + ": " + std::strerror(errno));
  }

  Pusher pusher(*sender, options.retry_for, surroundings);
  PushWish wish{.endpoint = options.endpoint,
                .body = {},
                .content_type = options.content_type,
                .delay = options.delay,
                .ttl = options.ttl,
                .key = options.key};
  if (options.lines || options.ndjson) {
    wish.split = options.lines ? "lines" : "ndjson";
    return push_many(wish, pusher, input, options.verbose, surroundings);
  }
  if (options.message && *options.message != "-") {
    wish.body = *options.message;
  } else {
    auto message = input.read_all();
    if (!message) return complain(kFailed, message.error().message);
    wish.body = std::move(*message);
  }
  return push_one(wish, pusher, options.verbose, surroundings.out);
}

}  // namespace pistachio::cli
