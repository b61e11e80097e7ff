// What is cheap must stay cheap when there is much of everything, and memory must come back.
// Nothing is timed: what is quadratic here does not end before the test's time limit.

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

#include "core/store/local_store.h"
#include "tests/support/catch.h"
#include "tests/support/store_driver.h"

#if defined(__SANITIZE_ADDRESS__)
// The sanitizer's own, whose header g++ does not bring along in Debian.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#elif defined(__GLIBC__)
#include <malloc.h>
#endif

using namespace pistachio;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// Bytes that are allocated now; 0 where that cannot be asked.
std::size_t heap_in_use() {
#if defined(__SANITIZE_ADDRESS__)
  return __sanitizer_get_current_allocated_bytes();
#elif defined(__GLIBC__)
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

// A store, asked in large batches: each function asks, step() runs.
class Crowd {
 public:
  LocalStore store{StoreOptions{}};
  TimePoint now{std::chrono::hours(1)};
  std::vector<Receipt> receipts;
  std::vector<std::string> ids;

  void step() {
    while (store.run(now)) {
    }
  }

  void push(const EndpointName& name, Duration delay = Duration::zero()) {
    store.push({name, {"x", "", delay}}, {});
  }

  void claim(const EndpointName& name, std::size_t max,
             std::optional<Duration> lease = std::nullopt) {
    store.claim({.endpoint = name, .max = max, .lease = lease},
                [this](const Expected<Claimed>& claimed) {
                  for (const Delivered& each : claimed->messages) {
                    receipts.push_back(each.receipt);
                    ids.push_back(each.message.id);
                  }
                });
  }

  void fill(const EndpointName& name, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      push(name);
      if (i % 1000 == 999) step();
    }
    step();
  }

  // Takes all that is available, settles it, and says whether it came in the order of the pushes.
  bool drain_in_order(const EndpointName& name, std::size_t count) {
    std::uint64_t last = 0;
    bool ordered = true;
    for (std::size_t taken = 0; taken < count; taken += ids.size()) {
      receipts.clear();
      ids.clear();
      claim(name, 1000);
      step();
      if (ids.empty()) return false;
      for (const std::string& id : ids) {
        ordered = ordered && std::stoull(id) > last;
        last = std::stoull(id);
      }
      store.settle(name, receipts, {});
      step();
    }
    receipts.clear();
    ids.clear();
    return ordered;
  }

  void check_nothing_is_left() const {
    const Holdings& holdings = store.holdings();
    CHECK(holdings.endpoints().size() == 0);
    CHECK(holdings.messages().size() == 0);
    CHECK(holdings.leases().size() == 0);
    CHECK(holdings.timetable().size() == 0);
    CHECK(holdings.endpoints().buckets() == 8);
    CHECK(holdings.messages().pages() <= 1);
    CHECK(holdings.leases().buckets() == 8);
    CHECK(store.next_wish().is_never());
  }
};

constexpr std::size_t kMany = 100'000;
constexpr std::size_t kMillion = 1'000'000;

// What capacity the crowd's own vectors, and the store's for one turn, may keep.
constexpr std::size_t kSlack = 4 << 20;

}  // namespace

TEST_CASE("a million endpoint names come and go and leave nothing behind") {
  constexpr std::size_t kAtOnce = 20'000;
  Crowd crowd;
  crowd.receipts.reserve(kAtOnce);
  crowd.ids.reserve(kAtOnce);
  const std::size_t before = heap_in_use();
  for (std::size_t first = 0; first < kMillion; first += kAtOnce) {
    std::vector<EndpointName> names;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      names.push_back(endpoint("name" + std::to_string(first + i)));
    }
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      crowd.push(names[i]);
      if (i % 1000 == 999) crowd.step();
    }
    REQUIRE(crowd.store.holdings().endpoints().size() == kAtOnce);
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      crowd.claim(names[i], 1);
      if (i % 1000 == 999) crowd.step();
    }
    REQUIRE(crowd.receipts.size() == kAtOnce);
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      crowd.store.settle(names[i], crowd.receipts[i]);
      if (i % 1000 == 999) crowd.step();
    }
    crowd.receipts.clear();
    crowd.ids.clear();
  }
  crowd.check_nothing_is_left();
  CHECK(crowd.store.totals().settled == kMillion);
  CHECK(heap_in_use() < before + kSlack);
}

TEST_CASE(
    "a million messages wait in one endpoint, any of them can be removed, all come in order") {
  Crowd crowd;
  const std::size_t before = heap_in_use();
  const EndpointName name = endpoint("backlog");
  crowd.fill(name, kMillion);
  std::mt19937 random(1);
  std::size_t removed = 0;
  for (std::size_t i = 0; i < kMany / 10; ++i) {
    crowd.store.remove(name, std::to_string(1 + random() % kMillion),
                       [&removed](const Expected<std::monostate>& done) {
                         if (done) ++removed;
                       });
    if (i % 1000 == 999) crowd.step();
  }
  CHECK(crowd.drain_in_order(name, kMillion - removed));
  crowd.check_nothing_is_left();
  CHECK(crowd.store.totals().purged == removed);
  CHECK(heap_in_use() < before + kSlack);
}

TEST_CASE("a hundred thousand leases are given back in any order and the queue is as it was") {
  Crowd crowd;
  const EndpointName name = endpoint("jobs");
  crowd.fill(name, 2 * kMany);
  crowd.claim(name, kMany);
  crowd.step();
  std::shuffle(crowd.receipts.begin(), crowd.receipts.end(), std::mt19937(2));
  for (const Receipt& receipt : crowd.receipts) crowd.store.give_back(name, receipt, {}, {});
  crowd.step();
  REQUIRE(crowd.store.totals().queued == 2 * kMany);
  CHECK(crowd.drain_in_order(name, 2 * kMany));
  crowd.check_nothing_is_left();
}

TEST_CASE("a hundred thousand delays and leases end when each is due") {
  Crowd crowd;
  const EndpointName name = endpoint("jobs");
  std::mt19937 random(3);
  for (std::size_t i = 0; i < kMany; ++i) crowd.push(name, milliseconds(1 + random() % kMany));
  crowd.step();
  for (std::size_t i = 0; i < 100; ++i) {
    crowd.now += milliseconds(kMany / 200);
    crowd.step();
  }
  CHECK(crowd.store.totals().delayed > kMany / 3);
  CHECK(crowd.store.totals().queued > kMany / 3);
  crowd.now += milliseconds(kMany);
  crowd.step();
  REQUIRE(crowd.store.totals().queued == kMany);
  for (std::size_t i = 0; i < kMany; ++i) {
    crowd.claim(name, 1, milliseconds(1 + random() % kMany));
  }
  crowd.step();
  REQUIRE(crowd.store.totals().leased == kMany);
  crowd.now += milliseconds(kMany);
  crowd.step();
  CHECK(crowd.store.totals().queued == kMany);
  CHECK(crowd.store.holdings().timetable().size() == 0);
}

TEST_CASE("a hundred thousand keys are remembered and forgotten, and their memory comes back") {
  Crowd crowd;
  const EndpointName name = endpoint("jobs");
  const std::size_t before = heap_in_use();
  for (std::size_t i = 0; i < kMany; ++i) {
    Push push{name, {"x", ""}};
    push.key = "a digest of thirty-two bytes " + std::to_string(i);
    push.fingerprint = "another digest of that length....";
    crowd.store.push(Push(push), {});
    if (i % 1000 == 999) crowd.step();
  }
  CHECK(crowd.store.keys().size() == kMany);
  CHECK(crowd.drain_in_order(name, kMany));
  CHECK(crowd.store.keys().size() == kMany);
  if (heap_in_use() > 0) CHECK((heap_in_use() - before) / kMany < 250);
  crowd.now += minutes(10);
  crowd.step();
  CHECK(crowd.store.keys().size() == 0);
  CHECK(crowd.store.keys().buckets() == 8);
  crowd.check_nothing_is_left();
  CHECK(heap_in_use() < before + kSlack);
}

TEST_CASE("a hundred thousand dead letters are redriven, in order, and purged") {
  Crowd crowd;
  const EndpointName dead = endpoint("jobs.dead");
  crowd.fill(dead, kMany);
  crowd.store.redrive(dead, {});
  crowd.step();
  CHECK(crowd.store.totals().redriven == kMany);
  crowd.claim(endpoint("jobs"), 1);
  crowd.step();
  CHECK(crowd.ids == std::vector<std::string>{"1"});
  crowd.store.settle(endpoint("jobs"), crowd.receipts, {});
  crowd.store.purge(endpoint("jobs"), {});
  crowd.step();
  crowd.check_nothing_is_left();
}
