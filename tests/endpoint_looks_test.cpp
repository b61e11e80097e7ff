#include "core/store/endpoint_looks.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

using namespace pistachio;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Known = EndpointLooks::Known;

namespace {

const TimePoint kStart{hours(1)};

EndpointName name(const std::string& text) { return EndpointName::parse(text).value(); }

std::size_t looks_at(EndpointLooks& looks, TimePoint now, std::size_t most = 1000) {
  std::size_t count = 0;
  looks.each_due(now, most, [&](const EndpointName&) { ++count; });
  return count;
}

}  // namespace

TEST_CASE("endpoints that begin to be waited for at once are looked after one by one") {
  EndpointLooks looks(hours(1));
  for (int i = 0; i < 2000; ++i) looks.claimed(name("q" + std::to_string(i)), kStart);
  TimePoint now = kStart;
  const auto most_together = [&](Duration span, std::size_t& all) {
    std::size_t most = 0;
    all = 0;
    for (const TimePoint end = now + span; now < end; now += milliseconds(100)) {
      const std::size_t here = looks_at(looks, now);
      all += here;
      most = std::max(most, here);
    }
    return most;
  };
  for (int period = 0; period < 3; ++period) {
    std::size_t all = 0;
    CHECK(most_together(EndpointLooks::kEvery, all) < 200);  // 100, were they spread with a ruler
    CHECK(all == 2000);
  }
}

TEST_CASE(
    "of many endpoints that are due at once no more than asked for are looked after in one go") {
  EndpointLooks looks(hours(1));
  for (int i = 0; i < 100; ++i) looks.due(name("q" + std::to_string(i)), kStart);
  CHECK(looks_at(looks, kStart, 30) == 30);
  std::size_t all = 30;
  for (int ms = 1; ms <= 10; ++ms) {
    const std::size_t here = looks_at(looks, kStart + milliseconds(ms), 30);
    CHECK(here <= 30);
    all += here;
  }
  CHECK(all == 100);
  CHECK(looks.empty());
}

TEST_CASE("an endpoint is asleep from an empty answer until something stirs there") {
  EndpointLooks looks(hours(1));
  const EndpointName a = name("a");
  CHECK(looks.claimed(a, kStart) == Known::nothing);
  const auto question = looks.asked(a);
  CHECK(looks.claimed(a, kStart) == Known::little);
  looks.found_empty(a, question);
  CHECK(looks.claimed(a, kStart) == Known::asleep);
  SECTION("a bell wakes it") { looks.stirred(a); }
  SECTION("a bell for all wakes it") { looks.all_stirred(); }
  SECTION("another question leaves it open") { looks.asked(a); }
  CHECK(looks.claimed(a, kStart) == Known::little);
}

TEST_CASE("an empty answer does not count when the bell rang after its question") {
  EndpointLooks looks(hours(1));
  const EndpointName a = name("a");
  looks.claimed(a, kStart);
  const auto question = looks.asked(a);
  looks.stirred(a);
  looks.found_empty(a, question);
  CHECK(looks.claimed(a, kStart) == Known::little);
}

TEST_CASE("an endpoint of which only a moment is known has not been looked at") {
  EndpointLooks looks(hours(1));
  looks.due(name("a"), kStart + hours(1));
  CHECK(looks.claimed(name("a"), kStart) == Known::nothing);
}

TEST_CASE("an endpoint that is polled again and again is forgotten when the last has left") {
  EndpointLooks looks(hours(1));
  TimePoint now = kStart;
  for (int i = 0; i < 20; ++i) {
    looks.claimed(name("a"), now);
    looks.left(name("a"));
    now += seconds(1);
    looks_at(looks, now);
  }
  // Its moment may have come after the last had left, too: names are hashed with a random key.
  CHECK((looks.empty() || looks.next(now).left(now) <= EndpointLooks::kEvery));
  looks_at(looks, now + EndpointLooks::kEvery);
  CHECK(looks.empty());
}
