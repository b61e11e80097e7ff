#include "core/timer_wheel.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "tests/support/catch.h"

using pistachio::Deadline;
using pistachio::Duration;
using pistachio::TimePoint;
using pistachio::Timer;
using pistachio::TimerWheel;

namespace {

TimePoint at(std::int64_t ms) { return TimePoint(Duration(ms)); }

std::vector<std::int64_t> ring(TimerWheel& wheel, std::int64_t now) {
  std::vector<std::int64_t> rung;
  wheel.expire(at(now),
               [&](Timer& timer) { rung.push_back(timer.at().time_since_epoch().count()); });
  return rung;
}

}  // namespace

TEST_CASE("a timer rings at its time and not a millisecond earlier") {
  TimerWheel wheel(at(0));
  Timer timer;
  wheel.schedule(timer, at(1007));
  CHECK(ring(wheel, 1006).empty());
  CHECK(wheel.next(at(1006)) == Deadline(at(1007)));
  CHECK(ring(wheel, 1007) == std::vector<std::int64_t>{1007});
  CHECK(wheel.next(at(1007)).is_never());
}

TEST_CASE("timers ring in the order of their times, those of the past first of all") {
  TimerWheel wheel(at(0));
  std::vector<Timer> timers(4);
  (void)ring(wheel, 5000);
  wheel.schedule(timers[0], at(9000));
  wheel.schedule(timers[1], at(5001));
  wheel.schedule(timers[2], at(6000));
  CHECK(ring(wheel, 10000) == std::vector<std::int64_t>{5001, 6000, 9000});
  wheel.schedule(timers[3], at(1));
  CHECK(wheel.next(at(10000)).reached(at(10000)));
  CHECK(ring(wheel, 10000) == std::vector<std::int64_t>{1});
}

TEST_CASE(
    "a cancelled or destroyed timer does not ring, not even when another one's ring does it") {
  TimerWheel wheel(at(0));
  Timer a;
  auto b = std::make_unique<Timer>();
  auto c = std::make_unique<Timer>();
  wheel.schedule(a, at(10));
  wheel.schedule(*b, at(20));
  wheel.schedule(*c, at(30));
  int rings = 0;
  wheel.expire(at(100), [&](Timer&) {
    ++rings;
    if (b) TimerWheel::cancel(*b);
    b.reset();
    c.reset();
  });
  CHECK(rings == 1);
}

TEST_CASE("a timer several turns of the ring away waits for its own turn") {
  TimerWheel wheel(at(0));
  Timer timer;
  const std::int64_t hours = 5 * 3600 * 1000;
  wheel.schedule(timer, at(hours));
  std::int64_t now = 0;
  int wakes = 0;
  while (timer.scheduled()) {
    const Deadline next = wheel.next(at(now));
    REQUIRE_FALSE(next.is_never());
    REQUIRE(next.at() > at(now));
    now = next.at().time_since_epoch().count();
    REQUIRE(now <= hours);
    (void)ring(wheel, now);
    ++wakes;
  }
  CHECK(now == hours);
  CHECK(wakes < 1000);
}

TEST_CASE(
    "the wheel agrees with a sorted list on thousands of random schedules and cancellations") {
  std::mt19937 random(20101124);  // NOLINT: the same numbers in every run
  std::int64_t now = 1'000'000;
  TimerWheel wheel(at(now));
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 500; ++i) timers.push_back(std::make_unique<Timer>());
  for (int step = 0; step < 20000; ++step) {
    Timer& timer = *timers[random() % timers.size()];
    switch (random() % 4) {
      case 0:
      case 1:
        wheel.schedule(
            timer,
            at(now + static_cast<std::int64_t>(random() % (random() % 8 == 0 ? 400'000 : 3000))));
        break;
      case 2:
        TimerWheel::cancel(timer);
        break;
      default: {
        std::vector<std::int64_t> expected;
        std::int64_t earliest = -1;
        const std::int64_t before = now;
        now += static_cast<std::int64_t>(random() % 200);
        for (const auto& each : timers) {
          if (!each->scheduled()) continue;
          const std::int64_t when = each->at().time_since_epoch().count();
          if (earliest < 0 || when < earliest) earliest = when;
          if (when <= now) expected.push_back(when);
        }
        std::sort(expected.begin(), expected.end());
        const Deadline next = wheel.next(at(before));
        REQUIRE(next.is_never() == (earliest < 0));
        if (earliest >= 0)
          REQUIRE(next.at().time_since_epoch().count() <= std::max(earliest, before));
        REQUIRE(ring(wheel, now) == expected);
      }
    }
  }
}
