#include "cli/listen.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <ostream>
#include <thread>

#include "cli/command_runner.h"
#include "cli/exit_status.h"
#include "cli/latch.h"
#include "cli/listener.h"
#include "cli/printer.h"
#include "cli/signal_pipe.h"
#include "cli/trouble.h"
#include "core/endpoint_name.h"

namespace pistachio::cli {
namespace {

constexpr std::string_view kPrefix = "pistachio listen: ";
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
  if (options.jobs > 1 && options.exec.empty()) return "--jobs needs --exec";
  return std::nullopt;
}

ListenerOptions listener_options(const ListenOptions& options) {
  return {.endpoints = options.endpoints,
          .wait = options.wait.value_or(options.drain ? Duration::zero() : kDefaultWait),
          .lease = options.lease,
          // A message that one worker had fetched ahead would wait for it while others are idle.
          .batch = options.exec.empty() ? static_cast<std::size_t>(options.batch) : 1,
          .until_empty = options.once || options.drain};
}

// All that listens: the workers, and what stops them.
class Crew {
 public:
  Crew(const ListenOptions& options, const Surroundings& surroundings, const ClientUrl& url,
       const LinkOptions& link)
      : trouble_(surroundings.err, std::string(kPrefix), options.backoff, options.retry_for),
        allowance_(options.once ? 1 : options.count) {
    if (options.exec.empty()) {
      const PrintFormat format{.json = options.format == "json",
                               .terminator = options.null ? '\0' : '\n'};
      auto printer = std::make_unique<Printer>(surroundings.out, format, stop_);
      if (printer->has_reader()) watched_output_ = surroundings.out;
      add(options, url, link, std::move(printer));
      return;
    }
    for (std::uint64_t job = 0; job < options.jobs; ++job) {
      add(options, url, link,
          std::make_unique<CommandRunner>(options.exec, surroundings.out, urgent_));
    }
  }

  // Runs the workers to their end; `signals` as in Surroundings. Returns the exit status.
  int run(int signals) {
    running_ = workers_.size();
    for (Worker& worker : workers_) worker.thread = std::thread([this, &worker] { work(worker); });
    const int signal = supervise(signals);
    for (Worker& worker : workers_) worker.thread.join();
    int status = kDone;
    std::uint64_t handed = 0;
    for (const Worker& worker : workers_) {
      handed += worker.listener->handed();
      if (status == kDone || status == kNothingCame) {
        if (worker.status != kDone) status = worker.status;
      }
    }
    if (status == kNothingCame && handed > 0) status = kDone;
    return status == kDone && signal != 0 ? ended_by_signal(signal) : status;
  }

 private:
  struct Worker {
    std::unique_ptr<Client> client;
    std::unique_ptr<Recipient> recipient;
    std::unique_ptr<Listener> listener;
    int status = kDone;
    std::thread thread;
  };

  void add(const ListenOptions& options, const ClientUrl& url, const LinkOptions& link,
           std::unique_ptr<Recipient> recipient) {
    Worker& worker = workers_.emplace_back();
    worker.client = std::make_unique<Client>(url, link, watch_);
    worker.recipient = std::move(recipient);
    worker.listener = std::make_unique<Listener>(listener_options(options), *worker.client,
                                                 *worker.recipient, allowance_, stop_, trouble_);
  }

  void work(Worker& worker) {
    worker.status = worker.listener->run();
    if (worker.status == kFailed || worker.status == kUnreachable) stop();
    if (--running_ == 0) ended_.set();
  }

  // Polls end, nothing new is begun.
  void stop() {
    stop_.set();
    watch_.stop();
  }

  // Waits until all workers have ended, and meanwhile for what ends listening from outside:
  // signals, and a reader that goes while nobody writes. Returns the first signal, or 0.
  int supervise(int signals) {
    int first = 0;
    std::array<pollfd, 3> events = {
        {{ended_.descriptor(), POLLIN, 0}, {signals, POLLIN, 0}, {watched_output_, 0, 0}}};
    while (!ended_.is_set()) {
      if (::poll(events.data(), events.size(), -1) < 0) continue;
      unsigned char number = 0;
      if ((events[1].revents & POLLIN) != 0 && ::read(signals, &number, 1) == 1) {
        if (first != 0) urgent_.set();
        if (first == 0) first = number;
        stop();
      }
      if (events[2].revents != 0) {
        events[2].fd = -1;
        stop();
      }
    }
    return first;
  }

  ExchangeWatch watch_;
  Latch stop_;
  Latch urgent_;
  Latch ended_;
  Trouble trouble_;
  Allowance allowance_;
  int watched_output_ = -1;
  std::deque<Worker> workers_;
  std::atomic<std::size_t> running_ = 0;
};

}  // namespace

int listen(const ListenOptions& options, const Surroundings& surroundings) {
  const auto complain = [&](int status, const std::string& what) {
    surroundings.err << kPrefix << what << std::endl;
    return status;
  };
  if (const auto wrong = what_is_wrong(options)) return complain(kWrongUsage, *wrong);
  const auto url = ClientUrl::parse(options.server.url);
  if (!url) return complain(kWrongUsage, "--url: " + url.error().message);
  const auto link = link_options(options.server);
  if (!link) return complain(kFailed, link.error().message);

  // The signal after the last that is caught ends the process as if nobody listened to signals.
  std::optional<SignalPipe> own_signals;
  if (surroundings.signals < 0) own_signals.emplace(options.exec.empty() ? 1 : 2);
  Crew crew(options, surroundings, *url, *link);
  return crew.run(own_signals ? own_signals->descriptor() : surroundings.signals);
}

}  // namespace pistachio::cli
