#include "core/loop.h"

#include <algorithm>
#include <ctime>
#include <stdexcept>
#include <string>

namespace pistachio {
namespace {

// How often the end of one turn goes round when every round makes new work. What is left is done in
// the next turn, after a look at the sockets: a flood on one connection must not starve the others.
constexpr int kMaxRounds = 16;

void check(int status, const char* what) {
  if (status != 0)
    throw std::runtime_error(std::string("cannot ") + what + ": " + uv_strerror(status));
}

}  // namespace

Loop::Loop() {
  check(uv_loop_init(&uv_), "make an event loop");
  check(uv_timer_init(&uv_, &timer_), "make a timer");
  check(uv_async_init(&uv_, &wake_,
                      [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->run_posted(); }),
        "make a wake-up");
  wake_.data = this;
}

Loop::~Loop() {
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
  drain_handles();
  uv_loop_close(&uv_);
}

void Loop::drain_handles() {
  // Close callbacks run in the turn after uv_close(); one may close more.
  for (int i = 0; i < 8; ++i) uv_run(&uv_, UV_RUN_NOWAIT);
}

TimePoint Loop::now() const { return TimePoint(Duration(static_cast<std::int64_t>(uv_now(&uv_)))); }

std::int64_t Loop::unix_seconds() {
  if (now() != seconds_read_at_) {
    seconds_ = std::time(nullptr);
    seconds_read_at_ = now();
  }
  return seconds_;
}

void Loop::set_timer() {
  Deadline earliest = Deadline::never();
  for (const Step& step : steps_) {
    if (step.next_wish) earliest = std::min(earliest, step.next_wish(now()));
  }
  if (earliest == timer_set_for_ &&
      (earliest.is_never() || uv_is_active(reinterpret_cast<uv_handle_t*>(&timer_)))) {
    return;
  }
  timer_set_for_ = earliest;
  if (earliest.is_never()) {
    uv_timer_stop(&timer_);
    return;
  }
  // A timer that is due when uv_run() begins rings before the poll, which then knows of none and
  // would sleep for ever: uv_stop() makes it look and not sleep, and means nothing after it.
  uv_timer_start(
      &timer_, [](uv_timer_t* timer) { uv_stop(timer->loop); },
      static_cast<std::uint64_t>(earliest.left(now()).count()), 0);
}

void Loop::turn(Wait wait) {
  set_timer();
  uv_run(&uv_, wait == Wait::yes && !more_to_do_ ? UV_RUN_ONCE : UV_RUN_NOWAIT);
  for (Step& step : steps_) {
    if (step.run_due) step.run_due(now());
  }
  more_to_do_ = run_end_of_turn();
}

bool Loop::run_end_of_turn() {
  for (int round = 0; round < kMaxRounds; ++round) {
    bool worked = false;
    for (Step& step : steps_) {
      if (step.run_end && step.run_end(now())) worked = true;
    }
    if (!worked) return false;
  }
  return true;
}

void Loop::run() {
  while (!stopping_) turn(Wait::yes);
}

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(task));
  }
  uv_async_send(&wake_);
}

void Loop::run_posted() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

}  // namespace pistachio
