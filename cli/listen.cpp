#include "cli/listen.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <thread>

#include "cli/exit_status.h"
#include "cli/latch.h"
#include "cli/listener.h"
#include "cli/printer.h"
#include "cli/signal_pipe.h"
#include "cli/trouble.h"
#include "core/endpoint_name.h"

namespace pistachio::cli {
namespace {

constexpr std::size_t kMostEndpoints = 64;  // in one poll
constexpr Duration kDefaultWait = std::chrono::seconds(30);

std::optional<std::string> what_is_wrong(const ListenOptions& options) {
  for (auto at = options.endpoints.begin(); at != options.endpoints.end(); ++at) {
    if (const auto name = EndpointName::parse(*at); !name) return name.error().message;
    if (std::find(options.endpoints.begin(), at, *at) != at) return *at + " is named twice";
  }
  if (options.endpoints.size() > kMostEndpoints) {
    return "at most " + std::to_string(kMostEndpoints) + " endpoints";
  }
  if (options.lease == Duration::zero()) return "--lease: it must be more than 0";
  if (options.once && options.count > 1) return "--once means -n 1";
  if (options.once && options.drain) return "--once and --drain exclude each other";
  return std::nullopt;
}

ListenerOptions listener_options(const ListenOptions& options) {
  return {.endpoints = options.endpoints,
          .wait = options.wait.value_or(options.drain ? Duration::zero() : kDefaultWait),
          .lease = options.lease,
          .batch = static_cast<std::size_t>(options.batch),
          .until_empty = options.once || options.drain};
}

// Waits until `ended` is set, and meanwhile for what ends listening from outside: signals, and a
// reader that goes while nobody writes. Returns the signal, or 0.
int supervise(int signals, int watched_output, const Latch& ended, Latch& stop,
              ExchangeWatch& watch) {
  int signal = 0;
  std::array<pollfd, 3> events = {
      {{ended.descriptor(), POLLIN, 0}, {signals, POLLIN, 0}, {watched_output, 0, 0}}};
  while (!ended.is_set()) {
    if (::poll(events.data(), events.size(), -1) < 0) continue;
    if ((events[1].revents & POLLIN) != 0) {
      unsigned char number = 0;
      if (::read(signals, &number, 1) == 1 && signal == 0) signal = number;
    }
    if (events[1].revents == 0 && events[2].revents == 0) continue;
    if (events[2].revents != 0) events[2].fd = -1;
    stop.set();
    watch.stop();
  }
  return signal;
}

}  // namespace

int listen(const ListenOptions& options, const Surroundings& surroundings) {
  const std::string prefix = "pistachio listen: ";
  const auto complain = [&](int status, const std::string& what) {
    surroundings.err << prefix << what << std::endl;
    return status;
  };
  if (const auto wrong = what_is_wrong(options)) return complain(kWrongUsage, *wrong);
  auto url = ClientUrl::parse(options.server.url);
  if (!url) return complain(kWrongUsage, "--url: " + url.error().message);
  auto link = link_options(options.server);
  if (!link) return complain(kFailed, link.error().message);

  std::optional<SignalPipe> own_signals;
  if (surroundings.signals < 0) own_signals.emplace(1);
  ExchangeWatch watch;
  Latch stop;
  Latch ended;
  Trouble trouble(surroundings.err, prefix, options.backoff, options.retry_for);
  Allowance allowance(options.once ? 1 : options.count);
  Printer printer(surroundings.out,
                  {.json = options.format == "json", .terminator = options.null ? '\0' : '\n'},
                  stop);
  Client client(std::move(*url), std::move(*link), watch);
  Listener listener(listener_options(options), client, printer, allowance, stop, trouble);
  int status = kDone;
  std::thread worker([&] {
    status = listener.run();
    ended.set();
  });
  const int signal = supervise(own_signals ? own_signals->descriptor() : surroundings.signals,
                               printer.has_reader() ? surroundings.out : -1, ended, stop, watch);
  worker.join();
  if (status == kNothingCame && listener.handed() > 0) status = kDone;
  return status == kDone && signal != 0 ? ended_by_signal(signal) : status;
}

}  // namespace pistachio::cli
