#include "core/exchange_watch.h"

#include <signal.h>
#include <sys/socket.h>

#include <algorithm>

namespace pistachio {
namespace {

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

// Starts a thread that no signal is delivered to: signals are for the thread that waits for them.
template <class Run>
std::thread deaf_thread(Run run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(run);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

ExchangeWatch::~ExchangeWatch() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void ExchangeWatch::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (Exchange* exchange : under_way_) {
    if (exchange->waits_) exchange->end_as(Cut::stopped);
  }
}

bool ExchangeWatch::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void ExchangeWatch::run() {
  std::unique_lock lock(mutex_);
  while (!leaving_) {
    const TimePoint present = now();
    wakes_at_ = Deadline::never();
    for (Exchange* exchange : under_way_) {
      if (exchange->cut_ != Cut::no) continue;
      if (exchange->deadline_.reached(present)) {
        exchange->end_as(Cut::late);
      } else {
        wakes_at_ = std::min(wakes_at_, exchange->deadline_);
      }
    }
    if (wakes_at_.is_never()) {
      changed_.wait(lock);
    } else {
      // One more millisecond: `present` was rounded down.
      changed_.wait_until(lock, wakes_at_.at() + Duration(1));
    }
  }
}

ExchangeWatch::Exchange::Exchange(ExchangeWatch& watch, Deadline deadline, bool waits)
    : watch_(watch), deadline_(deadline), waits_(waits) {
  const std::lock_guard lock(watch.mutex_);
  if (waits && watch.stopped_) cut_ = Cut::stopped;
  watch.under_way_.push_back(this);
  if (!watch.thread_.joinable()) {
    watch.thread_ = deaf_thread([&watch] { watch.run(); });
  } else if (deadline < watch.wakes_at_) {
    // Polls end later than what the thread sleeps for already, so that this happens once in seconds
    // and not once in messages.
    watch.wakes_at_ = deadline;
    watch.changed_.notify_one();
  }
}

ExchangeWatch::Exchange::~Exchange() {
  const std::lock_guard lock(watch_.mutex_);
  std::erase(watch_.under_way_, this);
}

void ExchangeWatch::Exchange::socket_is(int socket) {
  const std::lock_guard lock(watch_.mutex_);
  socket_ = socket;
  if (cut_ != Cut::no) ::shutdown(socket_, SHUT_RDWR);
}

ExchangeWatch::Cut ExchangeWatch::Exchange::cut() const {
  const std::lock_guard lock(watch_.mutex_);
  return cut_;
}

void ExchangeWatch::Exchange::end_as(Cut why) {
  if (cut_ != Cut::no) return;
  cut_ = why;
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace pistachio
