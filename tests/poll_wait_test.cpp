#include "core/poll_wait.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using pistachio::PollWait;

TEST_CASE("a proxy's 504 lowers the wait below the age at which it came") {
  PollWait wait(30s);
  CHECK(wait.timed_out_by_proxy(20s));
  CHECK(wait.wait() == 16s);
  CHECK(wait.timed_out_by_proxy(10s));
  CHECK(wait.wait() == 8s);
}

TEST_CASE("a 504 that comes at once says nothing about patience") {
  PollWait wait(30s);
  CHECK_FALSE(wait.timed_out_by_proxy(100ms));
  CHECK(wait.wait() == 30s);
}

TEST_CASE("a wait is never raised") {
  PollWait wait(5s);
  CHECK_FALSE(wait.timed_out_by_proxy(20s));
  CHECK(wait.wait() == 5s);
}

TEST_CASE("one broken connection is an accident, two at the same age are a habit") {
  PollWait wait(30s);
  CHECK_FALSE(wait.broke(20s));
  CHECK(wait.wait() == 30s);
  CHECK(wait.broke(21s));
  CHECK(wait.wait() < 20s);
}

TEST_CASE("breaks at different ages, or with an answer between them, are accidents") {
  PollWait wait(30s);
  CHECK_FALSE(wait.broke(20s));
  CHECK_FALSE(wait.broke(5s));
  CHECK_FALSE(wait.broke(20s));
  wait.answered();
  CHECK_FALSE(wait.broke(20s));
  CHECK(wait.wait() == 30s);
}

TEST_CASE("a server that is restarted in a loop does not lower the wait to nothing") {
  PollWait wait(30s);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(wait.broke(10ms));
  CHECK(wait.wait() == 30s);
}
