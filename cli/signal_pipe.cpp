#include "cli/signal_pipe.h"

#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <string>

namespace pistachio::cli {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

// What a handler can reach is static by nature.
std::atomic<int> write_end = -1;
std::atomic<int> left = 0;

void restore_defaults() {
  for (const int number : kSignals) {
    struct sigaction action {};
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(number, &action, nullptr);
  }
}

void on_signal(int number) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(number);
  // The pipe holds thousands; when it is full enough signals have come already.
  [[maybe_unused]] const auto written = ::write(write_end, &byte, 1);
  if (--left <= 0) restore_defaults();
  errno = saved;
}

}  // namespace

SignalPipe::SignalPipe(int most) {
  std::array<int, 2> ends{};
  if (const int error = ::uv_pipe(ends.data(), UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE); error != 0) {
    throw std::runtime_error(std::string("cannot make a pipe: ") + ::uv_strerror(error));
  }
  read_end_ = ends[0];
  write_end = ends[1];
  left = most;
  for (const int number : kSignals) {
    struct sigaction action {};
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
  }
}

SignalPipe::~SignalPipe() {
  restore_defaults();
  ::close(read_end_);
  ::close(write_end.exchange(-1));
}

}  // namespace pistachio::cli
