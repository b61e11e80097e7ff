#include "cli/signal_pipe.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace pistachio::cli {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

// What a handler can reach is static by nature.
std::atomic<int> write_end = -1;
std::atomic<int> left = 0;
std::atomic<std::int64_t> last_counted = 0;  // milliseconds; 0: none

// What a handler may call, unlike std::chrono's clocks.
std::int64_t milliseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// What is ignored stays ignored.
void handle_signals(void (*handler)(int)) {
  for (const int number : kSignals) {
    struct sigaction action {};
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
  }
}

void on_signal(int number) {
  const int saved = errno;
  const std::int64_t now = milliseconds_now();
  if (last_counted == 0 || now - last_counted >= kOneWish.count()) {
    last_counted = now;
    if (--left >= 0) {
      const auto byte = static_cast<unsigned char>(number);
      // The pipe holds thousands; when it is full enough signals have come already.
      [[maybe_unused]] const auto written = ::write(write_end, &byte, 1);
    } else {
      handle_signals(SIG_DFL);
      ::raise(number);  // comes when this handler has returned
    }
  }
  errno = saved;
}

}  // namespace

void leave_signals(Duration since) {
  left = 0;
  last_counted = milliseconds_now() - since.count();
  handle_signals(on_signal);
}

SignalPipe::SignalPipe(int most) {
  std::array<int, 2> ends{};
  if (const int error = ::uv_pipe(ends.data(), UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE); error != 0) {
    throw std::runtime_error(std::string("cannot make a pipe: ") + ::uv_strerror(error));
  }
  read_end_ = ends[0];
  write_end = ends[1];
  left = most;
  last_counted = 0;
  handle_signals(on_signal);
}

SignalPipe::~SignalPipe() {
  left = 0;
  ::close(read_end_);
  ::close(write_end.exchange(-1));
}

}  // namespace pistachio::cli
