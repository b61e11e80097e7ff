#include "cli/push.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>
#include <random>
#include <thread>

#include "cli/exit_status.h"
#include "cli/units.h"
#include "core/backoff.h"
#include "core/client.h"
#include "core/endpoint_name.h"
#include "core/push_answer.h"

namespace pistachio::cli {
namespace {

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

// Reads a descriptor to its end.
Expected<std::string> read_all(int descriptor, const std::string& name) {
  constexpr std::size_t kChunk = 64 * 1024;
  std::string bytes;
  for (;;) {
    const std::size_t held = bytes.size();
    bytes.resize(held + kChunk);
    const auto got = ::read(descriptor, bytes.data() + held, kChunk);
    bytes.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) return bytes;
    if (got < 0 && errno != EINTR) {
      return failure(Errc::bad_argument, "cannot read " + name + ": " + std::strerror(errno));
    }
  }
}

Expected<std::string> read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return failure(Errc::bad_argument, "cannot open " + path + ": " + std::strerror(errno));
  }
  auto bytes = read_all(descriptor, path);
  ::close(descriptor);
  return bytes;
}

Expected<std::string> read_message(const PushOptions& options, int input) {
  if (!options.file.empty()) return read_file(options.file);
  if (options.message && *options.message != "-") return *options.message;
  return read_all(input, "standard input");
}

// 128 random bits. Not a secret: two pushes must not come up with the same.
std::string make_key() {
  constexpr char kHex[] = "0123456789abcdef";
  std::random_device random;
  std::string key;
  for (int word = 0; word < 4; ++word) {
    for (auto [bits, digit] = std::pair(random(), 0); digit < 8; ++digit, bits >>= 4) {
      key += kHex[bits & 15];
    }
  }
  return key;
}

// For one attempt: a server that takes the connection and is silent must not use up the time for
// retries, and a large message over a slow line must get through.
Duration patience(std::size_t bytes) {
  constexpr std::size_t kSlowestLine = 64;  // bytes per millisecond
  return std::chrono::seconds(10) + Duration(static_cast<Duration::rep>(bytes / kSlowestLine));
}

PushAnswer attempt(Client& client, const PushWish& wish) {
  const auto answered = client.push(wish, Deadline::in(patience(wish.body.size()), now()));
  if (answered) return read_push_answer(*answered);
  return PushTrouble{answered.error().message, std::nullopt, true};
}

bool is_printable(const std::string& text) {
  for (const char c : text) {
    if (c < ' ' || c >= 0x7f) return false;
  }
  return true;
}

std::optional<std::string> what_is_wrong(const PushOptions& options) {
  if (const auto name = EndpointName::parse(options.endpoint); !name) return name.error().message;
  if (options.message && !options.file.empty()) return "MESSAGE and --file exclude each other";
  if (options.key.size() > 255 || !is_printable(options.key)) {
    return "--key: a key is 1 to 255 printable characters";
  }
  if (!is_printable(options.content_type)) return "--content-type: it is not printable";
  if (options.retry_for > kLongestRetry) {
    return "--retry-for: at most " + describe(kLongestRetry) +
           ", after which a retry might double the message";
  }
  return std::nullopt;
}

}  // namespace

int push(const PushOptions& options, const Surroundings& surroundings) {
  auto& err = surroundings.err;
  const auto complain = [&err](int status, const std::string& what) {
    err << "pistachio push: " << what << std::endl;
    return status;
  };
  if (const auto wrong = what_is_wrong(options)) return complain(kWrongUsage, *wrong);
  auto url = ClientUrl::parse(options.server.url);
  if (!url) return complain(kWrongUsage, "--url: " + url.error().message);
  auto link = link_options(options.server);
  if (!link) return complain(kFailed, link.error().message);
  auto message = read_message(options, surroundings.in);
  if (!message) return complain(kFailed, message.error().message);

  const PushWish wish{.endpoint = options.endpoint,
                      .body = std::move(*message),
                      .content_type = options.content_type,
                      .delay = options.delay,
                      .ttl = options.ttl,
                      .key = options.key.empty() ? make_key() : options.key};
  ExchangeWatch watch;
  Client client(std::move(*url), std::move(*link), watch);
  const Backoff backoff;
  std::minstd_rand random(std::random_device{}());
  const auto give_up = Deadline::in(options.retry_for, now());
  for (unsigned failures = 1;; ++failures) {
    const auto answer = attempt(client, wish);
    if (const auto* accepted = std::get_if<Accepted>(&answer)) {
      if (options.verbose && !accepted->id.empty()) {
        const std::string line = accepted->id + "\n";
        if (::write(surroundings.out, line.data(), line.size()) < 0) {
          return complain(kFailed,
                          std::string("pushed, but cannot print the id: ") + std::strerror(errno));
        }
      }
      return kDone;
    }
    if (const auto* refused = std::get_if<PushRefused>(&answer)) {
      return complain(kFailed, refused->message);
    }
    const auto& trouble = std::get<PushTrouble>(answer);
    const Duration pause = trouble.retry_after.value_or(
        backoff.delay(failures, std::generate_canonical<double, 32>(random)));
    if (pause >= give_up.left(now())) {
      return complain(
          trouble.unreachable ? kUnreachable : kFailed,
          trouble.message +
              (failures > 1 ? "; gave up after " + std::to_string(failures) + " attempts" : ""));
    }
    if (failures == 1) {
      complain(0, trouble.message + "; trying again for " + describe(options.retry_for));
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace pistachio::cli
