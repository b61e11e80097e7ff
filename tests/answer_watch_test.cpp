#include "core/http/answer_watch.h"

#include <vector>

#include "tests/support/catch.h"

using namespace pistachio;
using http::AnswerWatch;
using http::Outcome;

namespace {

TimePoint at(std::int64_t ms) { return TimePoint(Duration(1'000'000 + ms)); }

struct Watched {
  AnswerWatch watch;
  std::vector<AnswerWatch::Fate> fates;
};

}  // namespace

TEST_CASE("an answer is received with the client's next request") {
  Watched w;
  w.watch.add(7, 100, at(0));
  CHECK(w.watch.open());
  w.watch.next_request(w.fates);
  REQUIRE(w.fates.size() == 1);
  CHECK(w.fates[0].delivery == 7);
  CHECK(w.fates[0].outcome == Outcome::received);
  CHECK_FALSE(w.watch.open());
}

TEST_CASE("an acknowledged answer is received after a second without a reset and not before") {
  Watched w;
  w.watch.add(1, 100, at(0));
  w.watch.acknowledged(99, at(20), w.fates);
  w.watch.acknowledged(100, at(500), w.fates);
  CHECK(w.fates.empty());
  CHECK(w.watch.next_look(at(500)) == Deadline(at(1500)));
  w.watch.acknowledged(100, at(1499), w.fates);
  CHECK(w.fates.empty());
  w.watch.acknowledged(100, at(1500), w.fates);
  REQUIRE(w.fates.size() == 1);
  CHECK(w.fates[0].outcome == Outcome::received);
}

TEST_CASE("a connection that breaks leaves unread what was not acknowledged, and counts what was") {
  Watched w;
  w.watch.add(1, 100, at(0));
  w.watch.add(2, 200, at(0));
  w.watch.broken(150, w.fates);
  REQUIRE(w.fates.size() == 2);
  CHECK(w.fates[0].delivery ==
        2);  // the newest first: given back in this order they stand in order again
  CHECK(w.fates[0].outcome == Outcome::unread);
  CHECK(w.fates[1].delivery == 1);
  CHECK(w.fates[1].outcome == Outcome::reset_after_receipt);
}

TEST_CASE("a client that closes in order has received what was acknowledged; the rest stays open") {
  Watched w;
  w.watch.add(1, 100, at(0));
  w.watch.add(2, 200, at(0));
  w.watch.ended(100, w.fates);
  REQUIRE(w.fates.size() == 1);
  CHECK(w.fates[0].delivery == 1);
  CHECK(w.watch.open());
  w.watch.ended(200, w.fates);
  CHECK(w.fates.size() == 2);
}

TEST_CASE(
    "a client that acknowledges nothing for 30 s is silent; any progress begins the time anew") {
  Watched w;
  w.watch.add(1, 1000, at(0));
  CHECK_FALSE(w.watch.silent(at(29'999)));
  CHECK(w.watch.silent(at(30'000)));
  w.watch.acknowledged(10, at(29'000), w.fates);
  CHECK_FALSE(w.watch.silent(at(58'999)));
  CHECK(w.watch.silent(at(59'000)));
  w.watch.acknowledged(1000, at(59'000), w.fates);
  CHECK_FALSE(w.watch.silent(at(59'500)));
}

TEST_CASE("a stalled client is looked at ever more rarely, but at least once a second") {
  Watched w;
  w.watch.add(1, 1000, at(0));
  CHECK(w.watch.next_look(at(0)) == Deadline(at(20)));
  CHECK(w.watch.next_look(at(400)) == Deadline(at(600)));
  CHECK(w.watch.next_look(at(20'000)) == Deadline(at(21'000)));
}
