#include "core/loop.h"

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

// With libuv before 1.45 the first of these would sleep for ever.
TEST_CASE("a turn does not sleep when a wish is due already, or becomes due before it can sleep") {
  Loop loop;
  Deadline wish;
  int due = 0;
  loop.add({.next_wish = [&](TimePoint) { return wish; },
            .run_due =
                [&](TimePoint now) {
                  if (wish.reached(now)) ++due;
                },
            .run_end = {}});
  wish = Deadline(loop.now());
  loop.turn(Loop::Wait::yes);
  CHECK(due == 1);
  loop.turn(Loop::Wait::yes);
  CHECK(due == 2);
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
