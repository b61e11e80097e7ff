#include "core/prompt_wait.h"

#include <chrono>

#include "tests/support/catch.h"

namespace {

using std::chrono::microseconds;

struct HandClock {
  using time_point = std::chrono::time_point<std::chrono::steady_clock>;
  static inline time_point at;
  static time_point now() { return at; }
};

using Wait = pistachio::PromptWaitBy<HandClock>;

// Looks that take 10 us each, of which the one with that number sees it come; 0: none does.
int looks_of(Wait& wait, int comes_at) {
  int looks = 0;
  const bool seen = wait.look_until([&] {
    HandClock::at += microseconds(10);
    return ++looks == comes_at;
  });
  CHECK(seen == (looks == comes_at && comes_at != 0));
  return looks;
}

}  // namespace

TEST_CASE("what comes at once is seen by looking") {
  Wait wait;
  CHECK(looks_of(wait, 3) == 3);
  CHECK(looks_of(wait, 1) == 1);
}

TEST_CASE("whoever takes longer is not looked for again before it has come at once") {
  Wait wait;
  CHECK(looks_of(wait, 0) == Wait::kLongest / microseconds(10));
  wait.slept();
  CHECK(looks_of(wait, 1) == 0);
  HandClock::at += Wait::kLongest;
  wait.slept();
  CHECK(looks_of(wait, 1) == 0);
  HandClock::at += Wait::kLongest - microseconds(1);
  wait.slept();
  CHECK(looks_of(wait, 1) == 1);
}
