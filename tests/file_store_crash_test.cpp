// A process that pushes, claims and settles is killed again and again, at any moment: what it had
// acknowledged is there, in order, once; what it had settled with an answer is not; ids ascend.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/file_driver.h"

using namespace pistachio;

namespace {

// What the process that is to be killed tells through a pipe, in the order in which it happened.
struct Told {
  enum What : std::uint64_t { pushed, settling, settled } what;
  std::uint64_t id;
};

EndpointName queue_of(std::uint64_t number) { return endpoint("q" + std::to_string(number % 3)); }

// Kills this process at any moment after it has told so many words: whatever its other threads are
// doing then. From within, since what watches from outside is late on a busy machine, and then
// much more has happened than need be looked at.
class Killer {
 public:
  Killer(std::size_t words, std::uint64_t pause)
      : words_(words), thread_([this, pause] {
          for (std::size_t seen = told_; seen < words_; seen = told_) told_.wait(seen);
          for (std::uint64_t i = 0; i < pause; ++i) {
            std::atomic_signal_fence(std::memory_order_seq_cst);  // takes time, and stays
          }
          ::kill(::getpid(), SIGKILL);
        }) {}
  void told() {
    if (++told_ == words_) told_.notify_one();
  }

 private:
  const std::size_t words_;
  std::atomic<std::size_t> told_ = 0;
  std::thread thread_;
};

// Works until it is killed.
[[noreturn]] void work(const std::string& directory, int told, std::uint32_t seed) {
  FileRigOptions options;
  options.hold_back = std::chrono::milliseconds(seed % 3);
  options.patience = std::chrono::milliseconds(seed % 5);
  options.memory.least = 20'000;
  options.memory.budget = 20'000;
  FileRig rig(options, directory);
  std::mt19937 random(seed);
  Killer killer(1 + random() % 400, random() % 1'000'000);
  const auto tell = [told, &killer](Told::What what, std::uint64_t id) {
    const Told word{what, id};
    if (::write(told, &word, sizeof(word)) != sizeof(word)) ::_exit(1);
    killer.told();
  };
  for (std::uint64_t number = 0;; ++number) {
    Push push = StoreDriver::push_of(queue_of(random()).text(), std::string(random() % 3000, 'x'));
    if (random() % 8 == 0) push.more = {{"2", ""}, {"3", ""}};
    rig.store().push(std::move(push), [&tell](const Expected<Pushed>& result) {
      if (!result) return;
      const std::uint64_t first = result->first_id;
      for (std::uint64_t id = first; id < first + result->count; ++id) tell(Told::pushed, id);
    });
    if (random() % 3 == 0) {
      const EndpointName name = queue_of(random());
      rig.store().claim({.endpoint = name}, [&, name](const Expected<Claimed>& claimed) {
        for (const Delivered& each : claimed->messages) {
          const std::uint64_t id = std::stoull(each.message.id);
          switch (random() % 3) {
            case 0:
              return rig.store().give_back(name, each.receipt, {}, {});
            case 1:
              tell(Told::settling, id);
              return rig.store().settle(name, {each.receipt},
                                        [&tell, id](const Expected<std::vector<Receipt>>& gone) {
                                          if (gone && gone->empty()) tell(Told::settled, id);
                                        });
            default:
              return;  // leased for ever
          }
        }
      });
    }
    if (random() % 4 == 0) rig.skip(std::chrono::milliseconds(1));
    rig.turn();
    if (random() % 16 == 0) rig.turn_until_idle();
  }
}

}  // namespace

TEST_CASE("a process that is killed at any moment keeps what it acknowledged") {
  TemporaryDirectory room;
  const std::string directory = room.path() + "/store";
  std::set<std::uint64_t> kept;     // acknowledged, and nobody asked to settle it
  std::set<std::uint64_t> settled;  // asked to be; they may be gone
  std::set<std::uint64_t> gone;     // are
  std::uint64_t last_id = 0;
  for (std::uint32_t round = 0; round < 25; ++round) {
    INFO("round " << round);
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipe_ends[0]);
      work(directory, pipe_ends[1], round + 1);
    }
    ::close(pipe_ends[1]);
    Told word{};
    while (::read(pipe_ends[0], &word, sizeof(word)) == sizeof(word)) {
      if (word.what == Told::pushed) {
        if (!settled.contains(word.id)) kept.insert(word.id);
        last_id = std::max(last_id, word.id);
      } else {
        kept.erase(word.id);
        (word.what == Told::settling ? settled : gone).insert(word.id);
      }
    }
    ::close(pipe_ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    FileDriver driver({}, directory);
    std::set<std::uint64_t> found;
    std::size_t out_of_order = 0;
    std::size_t twice = 0;
    std::size_t not_queued = 0;
    for (std::uint64_t number = 0; number < 3; ++number) {
      std::uint64_t before = 0;
      for (const SeenMessage& message : driver.peek(queue_of(number).text(), 1'000'000)) {
        const std::uint64_t id = std::stoull(message.id);
        out_of_order += id > before ? 0 : 1;
        before = id;
        twice += found.insert(id).second ? 0 : 1;
        not_queued += message.state == MessageState::queued ? 0 : 1;
      }
    }
    CHECK(out_of_order == 0);
    CHECK(twice == 0);
    CHECK(not_queued == 0);
    std::size_t lost = 0;
    for (const std::uint64_t id : kept) lost += found.contains(id) ? 0 : 1;
    CHECK(lost == 0);
    std::size_t returned = 0;
    for (const std::uint64_t id : gone) returned += found.contains(id) ? 1 : 0;
    CHECK(returned == 0);
    const std::uint64_t next = driver.push("other", "x").value().first_id;
    CHECK(next > last_id);
    last_id = next;
    driver.drain("other");
  }
  CHECK(kept.size() > 100);
  CHECK(gone.size() > 100);
}
