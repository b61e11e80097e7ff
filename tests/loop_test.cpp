#include "core/loop.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using pistachio::Deadline;
using pistachio::Loop;
using pistachio::TimePoint;

TEST_CASE("the end of a turn goes round until no step has anything left to do") {
  Loop loop;
  std::vector<int> calls;
  int first = 3;
  loop.add({.next_wish = {}, .run_due = {}, .run_end = [&](TimePoint) {
              calls.push_back(1);
              return first-- > 0;
            }});
  loop.add({.next_wish = {}, .run_due = {}, .run_end = [&](TimePoint) {
              calls.push_back(2);
              return false;
            }});
  loop.turn(Loop::Wait::no);
  CHECK(calls == std::vector<int>{1, 2, 1, 2, 1, 2, 1, 2});
}

TEST_CASE("a step that always has more to do does not keep the loop from its sockets") {
  Loop loop;
  int calls = 0;
  loop.add({.next_wish = {}, .run_due = {}, .run_end = [&](TimePoint) {
              ++calls;
              return true;
            }});
  loop.turn(Loop::Wait::no);
  CHECK(calls > 0);
  const int before = calls;
  loop.turn(Loop::Wait::yes);  // must not sleep: there is work left
  CHECK(calls > before);
}

TEST_CASE("a turn sleeps no longer than the earliest wish") {
  Loop loop;
  bool due = false;
  const TimePoint start = loop.now();
  const Deadline wish = Deadline::in(std::chrono::milliseconds(20), start);
  loop.add({.next_wish = [&](TimePoint) { return due ? Deadline::never() : wish; },
            .run_due = [&](TimePoint now) { due = wish.reached(now); },
            .run_end = {}});
  while (!due) loop.turn(Loop::Wait::yes);
  CHECK(loop.now() >= wish.at());
}

TEST_CASE("a wish that comes due before the turn has begun to sleep does not let it sleep") {
  Loop loop;
  TimePoint due{};
  TimePoint rang{};
  loop.add({.next_wish =
                [&](TimePoint now) {
                  due = now + std::chrono::milliseconds(1);
                  return Deadline(due);
                },
            .run_due = [&](TimePoint now) { rang = now; },
            .run_end = {}});
  // Asked after it, and slow: as long as a busy machine may take between two lines.
  loop.add({.next_wish =
                [](TimePoint) {
                  const auto begun = std::chrono::steady_clock::now();
                  while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(5)) {
                  }
                  return Deadline::never();
                },
            .run_due = {},
            .run_end = {}});
  // Should it sleep, this ends it after far too long.
  std::mutex mutex;
  std::condition_variable ended;
  bool over = false;
  bool rescued = false;
  std::thread rescue([&] {
    std::unique_lock lock(mutex);
    if (!ended.wait_for(lock, std::chrono::seconds(10), [&] { return over; })) {
      loop.post([&] { rescued = true; });
    }
  });
  loop.turn(Loop::Wait::yes);
  {
    const std::lock_guard lock(mutex);
    over = true;
  }
  ended.notify_one();
  rescue.join();
  CHECK_FALSE(rescued);
  CHECK(rang >= due);
}

TEST_CASE("what another thread posts runs on the loop's thread, in order") {
  Loop loop;
  std::vector<int> ran;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      loop.post([&, i] {
        ran.push_back(i);
        if (i == 99) loop.stop();
      });
    }
  });
  loop.run();
  other.join();
  REQUIRE(ran.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(ran[static_cast<std::size_t>(i)] == i);
}
