// Thousands of random operations on a store and on a model of one, several to a turn: whatever can
// be seen of the two must be the same after every turn. A failure prints its seed and what was done
// last; the same seed does the same again.

#include "tests/support/store_model.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/store/local_store.h"
#include "tests/support/catch.h"
#include "tests/support/store_driver.h"
#include "tests/support/store_words.h"

using namespace pistachio;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Lines = std::vector<std::string>;

// A receipt that was given out, good or no longer.
struct Held {
  std::string endpoint;
  Receipt receipt;
  std::uint64_t id;
  std::uint32_t delivery;
};

const Lines kNames = {"a", "b", "c", "a.dead", "b.dead"};

class SideBySide {
 public:
  // `at_once`: operations of one turn at the most.
  SideBySide(StoreOptions options, std::uint32_t seed, std::unique_ptr<StoreRig> rig,
             std::size_t at_once)
      : model_(options),
        rig_(std::move(rig)),
        file_(dynamic_cast<FileRig*>(rig_.get())),
        at_once_(at_once),
        random_(seed) {
    listen();
  }

  // One turn: time passes, a few operations, then a look at everything.
  void turn() {
    Duration passed = Duration::zero();
    if (chance(2)) passed += chance(3) ? milliseconds(below(2000)) : seconds(below(4));
    if (chance(200)) passed += std::chrono::minutes(below(11));
    pass(passed);
    done_ = "at " + std::to_string(now().time_since_epoch().count());
    if (file_ != nullptr && at_once_ == 1 && chance(20)) restart();
    for (std::size_t count = below(at_once_ + 1); count > 0; --count) operation();
    run();
    look();
    run();
  }

 private:
  TimePoint now() const { return rig_->now(); }
  LocalStore& store() { return dynamic_cast<LocalStore&>(rig_->store()); }

  void listen() {
    store().set_bell([this](const EndpointName& name, std::size_t available) {
      rung_[name.text()] += available;
    });
  }

  // Time passes, and the next run() finds out.
  void pass(Duration span) {
    if (span == Duration::zero()) return;
    rig_->skip(span);
  }

  // The process ends, in order or not, and another begins.
  void restart() {
    const Duration down = chance(3) ? span() : Duration::zero();
    const bool killed = chance(2);
    done_ += killed ? "; kill" : "; restart";
    const TimePoint before = now();
    if (killed) {
      file_->kill(down);
    } else {
      file_->restart(down);
    }
    began_ = true;
    listen();
    const std::uint64_t last_id = store().holdings().last_id();
    REQUIRE(last_id >= model_.last_id());
    model_.restart(now() - before - down, last_id);
    done_ += " until " + std::to_string(now().time_since_epoch().count());
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  const std::string& name() { return kNames[below(kNames.size())]; }
  // Never none: what ends as it begins is done by this run() or the next, as the store likes.
  Duration span() {
    return milliseconds(1) + (chance(4) ? Duration(milliseconds(below(3000))) : seconds(below(5)));
  }

  // Both sides note what they answered; the model answers when the store runs.
  void expect(std::function<std::string()> line) { model_asked_.push_back(std::move(line)); }
  void note(std::string line) { answered_.push_back(std::move(line)); }

  void run() {
    model_.advance(now());
    Lines expected;
    for (const auto& line : model_asked_) expected.push_back(line());
    const auto rung = model_.rung();
    expected.push_back(show(rung));
    expected.push_back(show(model_.totals()));
    expected.push_back("next " + show(model_.next()));
    model_asked_.clear();

    rig_->turn_until_idle();
    // A file does not say whether what was due before the end had rung already.
    note(show(std::exchange(began_, false) ? rung : rung_));
    note(show(store().totals()));
    const Deadline wish = store().next_wish();
    note("next " + show(wish.is_never() ? std::nullopt : std::optional(wish.at())));
    rung_.clear();
    // What waits for a disk is answered when it may be, not when it was asked.
    if (file_ != nullptr) {
      std::sort(answered_.begin(), answered_.end());
      std::sort(expected.begin(), expected.end());
    }
    if (answered_ != expected) {
      INFO(done_);
      REQUIRE(answered_ == expected);
    }
    answered_.clear();

    const StoreTotals totals = store().totals();
    REQUIRE(totals.pushed == totals.queued + totals.delayed + totals.leased + totals.settled +
                                 totals.expired + totals.purged);
  }

  void operation() {
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return push();
      case 4:
      case 5:
      case 6:
      case 7:
        return claim();
      case 8:
      case 9:
        return settle();
      case 10:
      case 11:
      case 12:
        return give_back();
      case 13:
        return extend();
      case 14:
        return chance(2) ? remove() : redrive();
      default:
        return chance(8) ? purge() : settle_without_answer();
    }
  }

  void push() {
    PushExtras extras;
    if (chance(3)) extras.delay = span();
    if (chance(3)) extras.ttl = span();
    if (chance(4)) extras.more = {"x" + std::to_string(below(100)), ""};
    if (chance(3)) extras.key = "key" + std::to_string(below(5));
    extras.fingerprint = chance(5) ? "other" : "same";
    const Push push = StoreDriver::push_of(name(), "m" + std::to_string(below(1000)), extras);
    done_ += "; push to " + push.endpoint.text();
    store().push(Push(push),
                 [this](const Expected<Pushed>& pushed) { note("push " + show(pushed)); });
    expect([this, push] { return "push " + show(model_.push(push, now())); });
  }

  void claim() {
    const std::string from = name();
    const std::size_t max = below(4);
    const std::size_t max_bytes = chance(3) ? below(8) : 1000;
    const std::optional<Duration> lease = chance(3) ? std::nullopt : std::optional(span());
    done_ += "; claim from " + from;
    store().claim({endpoint(from), max, max_bytes, lease},
                  [this, from](const Expected<Claimed>& claimed) {
                    std::string line = "claim";
                    for (const Delivered& each : claimed->messages) {
                      line += show(each.message, MessageState::leased);
                      const std::uint64_t id = std::stoull(each.message.id);
                      held_.push_back({from, each.receipt, id, ++deliveries_[id]});
                    }
                    note(line + " left " + std::to_string(claimed->remaining));
                  });
    expect([this, from, max, max_bytes, lease] {
      std::string line = "claim";
      for (const auto& each : model_.claim(from, max, max_bytes, lease, now())) {
        line += show(each, now());
      }
      return line + " left " + std::to_string(model_.counts(from, now()).queued);
    });
  }

  // Mostly one of the last receipts given out, sometimes under a wrong name.
  std::optional<Held> any_held() {
    if (held_.empty()) return std::nullopt;
    const std::size_t back = below(std::min<std::size_t>(held_.size(), chance(4) ? 1000 : 12));
    Held held = held_[held_.size() - 1 - back];
    if (chance(20)) held.endpoint = name();
    return held;
  }

  void settle() {
    std::vector<Held> all;
    std::vector<Receipt> shown;
    for (std::size_t count = 1 + below(3); count > 0; --count) {
      if (const auto held = any_held()) all.push_back(*held);
    }
    const std::string from = all.empty() ? "a" : all.front().endpoint;
    for (const Held& held : all) shown.push_back(held.receipt);
    done_ += "; settle " + std::to_string(all.size()) + " of " + from;
    store().settle(endpoint(from), shown, [this](const Expected<std::vector<Receipt>>& gone) {
      std::string line = "gone";
      for (const Receipt& receipt : *gone) line += " " + receipt.text();
      note(line);
    });
    expect([this, all, from] {
      std::string line = "gone";
      for (const Held& held : all) {
        if (!model_.settle(from, held.id, held.delivery)) line += " " + held.receipt.text();
      }
      return line;
    });
  }

  void settle_without_answer() {
    const auto held = any_held();
    if (!held) return;
    done_ += "; settle " + std::to_string(held->id);
    store().settle(endpoint(held->endpoint), held->receipt);
    expect([this, held] {
      model_.settle(held->endpoint, held->id, held->delivery);
      return std::string("settled");
    });
    store().counts(endpoint("a"), [this](const Expected<EndpointCounts>&) { note("settled"); });
  }

  Store::Done<std::monostate> note_whether(const std::string& what) {
    return [this, what](const Expected<std::monostate>& result) {
      note(what + (result.has_value() ? " done" : " not"));
    };
  }

  void give_back() {
    const auto held = any_held();
    if (!held) return;
    GiveBack how;
    how.counted = chance(2);
    how.dead = chance(6);
    if (chance(3)) how.hidden = span();
    done_ += "; give back " + std::to_string(held->id) + (how.counted ? " counted" : "") +
             (how.dead ? " dead" : "") + " hidden " + std::to_string(how.hidden.count());
    store().give_back(endpoint(held->endpoint), held->receipt, how, note_whether("back"));
    expect([this, held, how] {
      const bool done = model_.give_back(held->endpoint, held->id, held->delivery, how, now());
      return std::string(done ? "back done" : "back not");
    });
  }

  void extend() {
    const auto held = any_held();
    if (!held) return;
    const Duration lease = span();
    done_ += "; extend " + std::to_string(held->id);
    store().extend(endpoint(held->endpoint), held->receipt, lease, note_whether("extend"));
    expect([this, held, lease] {
      const bool done = model_.extend(held->endpoint, held->id, held->delivery, lease, now());
      return std::string(done ? "extend done" : "extend not");
    });
  }

  void remove() {
    const std::string from = name();
    const auto there = model_.peek(from);
    const std::uint64_t id =
        there.empty() || chance(4) ? below(100) : there[below(there.size())].id;
    done_ += "; remove " + std::to_string(id) + " of " + from;
    store().remove(endpoint(from), std::to_string(id), note_whether("remove"));
    expect([this, from, id] {
      return std::string(model_.remove(from, id) ? "remove done" : "remove not");
    });
  }

  void redrive() {
    const std::string dead = chance(2) ? "a.dead" : "b.dead";
    done_ += "; redrive " + dead;
    store().redrive(endpoint(dead), [this](const Expected<std::size_t>& count) {
      note("redrive " + std::to_string(*count));
    });
    expect([this, dead] { return "redrive " + std::to_string(model_.redrive(dead)); });
  }

  void purge() {
    const std::string from = name();
    done_ += "; purge " + from;
    store().purge(endpoint(from), [this](const Expected<std::size_t>& count) {
      note("purge " + std::to_string(*count));
    });
    expect([this, from] { return "purge " + std::to_string(model_.purge(from)); });
  }

  void look() {
    for (const std::string& each : kNames) {
      store().peek(endpoint(each), 1000,
                   [this, each](const Expected<std::span<const Peeked>>& peeked) {
                     std::string line = "peek " + each;
                     for (const Peeked& one : *peeked) line += show(one.message, one.state);
                     note(line);
                   });
      expect([this, each] {
        std::string line = "peek " + each;
        for (const auto& one : model_.peek(each)) line += show(one, now());
        return line;
      });
      store().counts(endpoint(each),
                     [this](const Expected<EndpointCounts>& counts) { note(show(*counts)); });
      expect([this, each] { return show(model_.counts(each, now())); });
    }
    store().list({}, [this](const Expected<std::vector<EndpointCounts>>& listed) {
      std::string line = "list";
      for (const EndpointCounts& each : *listed) line += " (" + show(each) + ")";
      note(line);
    });
    expect([this] {
      std::string line = "list";
      for (const auto& each : model_.names()) line += " (" + show(model_.counts(each, now())) + ")";
      return line;
    });
  }

  StoreModel model_;
  std::unique_ptr<StoreRig> rig_;
  FileRig* const file_;  // null where there is none
  const std::size_t at_once_;
  bool began_ = false;  // a process since the last run
  std::mt19937 random_;
  std::vector<Held> held_;
  std::map<std::uint64_t, std::uint32_t> deliveries_;
  std::map<std::string, std::size_t> rung_;
  std::vector<std::function<std::string()>> model_asked_;
  Lines answered_;
  std::string done_;
};

}  // namespace

TEST_CASE("a store does what a plain model of it does, whatever is asked and however it ends") {
  const StoreFactory factory = GENERATE(from_range(local_store_factories()));
  const bool memory = factory.name == "memory";
  const std::uint32_t seed = GENERATE(range(1u, 13u));
  StoreOptions options;
  options.max_queued = std::vector<std::size_t>{0, 12, 5}[seed % 3];
  options.max_attempts = std::vector<std::uint32_t>{0, 1, 2, 4}[seed % 4];
  options.max_keys = seed % 2 == 0 ? 1'000'000 : 6;
  // A claim that must wait for bytes may be carried out after what was asked with it: one at a time
  // where that may be, which is after every restart.
  const bool alone = !memory && (factory.name != "file" || seed % 2 == 0);
  const std::size_t at_once = alone ? 1 : 3;
  SideBySide both(options, seed, factory.make(options), at_once);
  // A disk takes its time.
  const int turns = memory ? 1500 : 150;
  for (int turn = 0; turn < turns; ++turn) {
    INFO("store " << factory.name << ", seed " << seed << ", turn " << turn);
    both.turn();
  }
}
