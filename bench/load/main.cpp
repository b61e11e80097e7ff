#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <random>
#include <stdexcept>

#include "bench/load/drain.h"
#include "bench/load/park.h"
#include "bench/load/pump.h"

namespace pistachio::bench {
namespace {

/// Connections and a handful of other files.
void raise_file_limit(const Options& options) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const auto needed = static_cast<rlim_t>(options.pollers + options.publishers + 32);
  if (limit.rlim_cur < needed) {
    throw std::runtime_error("needs " + std::to_string(needed) + " open files, may have " +
                             std::to_string(limit.rlim_cur) + ": raise ulimit -n");
  }
}

void run(const Options& options) {
  raise_file_limit(options);
  std::signal(SIGPIPE, SIG_IGN);
  alarm(static_cast<unsigned>(options.max_seconds));
  Accounting accounting(options.endpoints, options.publishers, std::random_device()());
  Window window(options.endpoints, options.window);
  Traffic traffic(options, accounting, window);
  const ProcessMeter meter(options.pids);
  Report report(options);
  traffic.open_publishers();
  std::string headline;
  switch (options.mode) {
    case Mode::park:
      headline = park(options, traffic, accounting, window, meter, report);
      break;
    case Mode::pump:
      headline = pump(options, traffic, accounting, window, meter, report);
      break;
    case Mode::drain:
      headline = drain(options, traffic, accounting, meter, report);
      break;
  }
  report.print(headline);
}

}  // namespace
}  // namespace pistachio::bench

int main(int argc, char** argv) {
  try {
    pistachio::bench::run(pistachio::bench::parse_options(argc, argv));
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "lpload: %s\n\n%s", error.what(), pistachio::bench::usage());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lpload: %s\n", error.what());
    return 1;
  }
}
