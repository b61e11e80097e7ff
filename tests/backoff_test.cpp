#include "core/backoff.h"

#include "tests/support/catch.h"

using pistachio::Backoff;
using pistachio::Duration;
using namespace std::chrono_literals;

TEST_CASE("the longest pause doubles with each failure up to its bound") {
  const Backoff backoff{250ms, 30s};
  CHECK(backoff.ceiling(1) == 250ms);
  CHECK(backoff.ceiling(2) == 500ms);
  CHECK(backoff.ceiling(3) == 1s);
  CHECK(backoff.ceiling(7) == 16s);
  CHECK(backoff.ceiling(8) == 30s);
  CHECK(backoff.ceiling(4'000'000'000u) == 30s);
}

TEST_CASE("a pause is a random part of the longest: full jitter") {
  const Backoff backoff{250ms, 30s};
  CHECK(backoff.delay(3, 0.0) == 0ms);
  CHECK(backoff.delay(3, 0.5) == 500ms);
  CHECK(backoff.delay(3, 1.0) == 1s);
  CHECK(backoff.delay(100, 0.5) == 15s);
}

TEST_CASE("no failure counts as one and random numbers out of range as the nearer end") {
  const Backoff backoff{250ms, 30s};
  CHECK(backoff.delay(0, 1.0) == 250ms);
  CHECK(backoff.delay(1, -3.0) == 0ms);
  CHECK(backoff.delay(1, 7.0) == 250ms);
}

TEST_CASE("a first pause beyond the bound is the bound, and none stays none") {
  CHECK(Backoff{10s, 1s}.ceiling(1) == 1s);
  CHECK(Backoff{0ms, 1s}.ceiling(50) == 0ms);
}

TEST_CASE("pauses of whole days do not overflow") {
  const Backoff backoff{std::chrono::hours(24), Duration::max()};
  CHECK(backoff.ceiling(500) == Duration::max());
}
