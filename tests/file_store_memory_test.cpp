// Bodies that live only in the file: what is in memory has a limit, what is delivered has not.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/file_driver.h"

using namespace pistachio;
using Texts = std::vector<std::string>;

namespace {

std::string body_of(int number) {
  return std::to_string(number) + std::string(static_cast<std::size_t>(1000 + number % 7), '.');
}

}  // namespace

TEST_CASE("bodies beyond the budget are let go, and come back in order") {
  constexpr int kMessages = 3000;
  FileDriver driver({.memory = {.budget = 300'000, .least = 50'000}});
  std::vector<FileDriver::Answer> answers;
  for (int i = 0; i < kMessages; ++i) answers.push_back(driver.ask_push("a", body_of(i)));
  driver.rig().turn_until_idle();
  for (const auto& answer : answers) REQUIRE(answer->has_value());
  CHECK(driver.file.local().resident_bytes() <= 50'000);
  int next = 0;
  for (auto seen = driver.claim("a", 7); !seen.empty(); seen = driver.claim("a", 7)) {
    for (const SeenMessage& each : seen) REQUIRE(each.body == body_of(next++));
    driver.settle("a", receipts(seen));
  }
  CHECK(next == kMessages);
  CHECK(driver.file.local().resident_bytes() == 0);
}

TEST_CASE("claims that wait for bytes are carried out in the order in which they were asked") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  driver.push("a", "1", {.more = {"2", "3"}});
  Texts got;
  const auto claim = [&] {
    driver.store().claim({.endpoint = endpoint("a")}, [&got](const Expected<Claimed>& claimed) {
      got.push_back(claimed->messages.empty() ? "nothing"
                                              : std::string(claimed->messages[0].message.body));
    });
  };
  for (int i = 0; i < 4; ++i) claim();
  driver.file.turn();
  CHECK(got.empty());
  claim();
  driver.rig().turn_until_idle();
  CHECK(got == Texts{"1", "2", "3", "nothing", "nothing"});
}

TEST_CASE("a claim that waits for bytes gets nothing when its messages are purged meanwhile") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  driver.push("a", "1");
  std::size_t answered = 0;
  driver.store().claim({.endpoint = endpoint("a")}, [&](const Expected<Claimed>& claimed) {
    CHECK(claimed->messages.empty());
    ++answered;
  });
  driver.store().purge(endpoint("a"), {});
  driver.rig().turn_until_idle();
  CHECK(answered == 1);
}

TEST_CASE("a peek shows bodies that are only in the file, and takes them into no one's way") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  for (int i = 0; i < 50; ++i) driver.push("a", body_of(i), {.content_type = "x/y"});
  const auto seen = driver.peek("a", 40);
  REQUIRE(seen.size() == 40);
  for (int i = 0; i < 40; ++i) CHECK(seen[static_cast<std::size_t>(i)].body == body_of(i));
  CHECK(seen[0].content_type == "x/y");
  CHECK(driver.file.local().resident_bytes() == 0);
}

TEST_CASE("a peek of large messages ends after so many bytes, wherever they are") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) driver.push("a", large);
  CHECK(driver.peek("a", 40).size() == Store::kMostPeeked / large.size());
}

TEST_CASE("peeks of what is in the file are all answered, each with what it asked for") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  driver.push("a", body_of(1), {.more = {body_of(2), body_of(3)}});
  driver.push("b", body_of(4));
  std::vector<std::size_t> seen;
  const auto note = [&seen](const Expected<std::span<const Peeked>>& peeked) {
    REQUIRE(peeked.has_value());
    seen.push_back(peeked->size());
  };
  for (const std::size_t limit : {1u, 2u, 3u}) driver.store().peek(endpoint("a"), limit, note);
  driver.store().peek(endpoint("b"), 9, note);
  driver.store().peek(endpoint("c"), 9, note);
  driver.rig().turn_until_idle();
  std::sort(seen.begin(), seen.end());
  CHECK(seen == std::vector<std::size_t>{0, 1, 1, 2, 3});
}

TEST_CASE("what is given back after its bytes were let go is delivered again, first") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  driver.push("a", body_of(1), {.more = {body_of(2)}});
  const auto taken = driver.take("a");
  driver.rig().turn_until_idle();
  CHECK(driver.file.local().resident_bytes() == 0);
  driver.give_back("a", taken.receipt);
  CHECK(driver.drain("a") == Texts{body_of(1), body_of(2)});
}

TEST_CASE("a message whose row somebody deleted is gone, and those behind it are delivered") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  driver.push("a", "1", {.more = {"2", "3"}});
  auto other = SqliteDatabase::open(driver.file.directory() + "/messages.db", false, {});
  REQUIRE(other.has_value());
  REQUIRE(other->execute("DELETE FROM messages WHERE id IN (1, 2)", "write to").has_value());
  CHECK(driver.drain("a") == Texts{"3"});
}

TEST_CASE("a message whose body alone somebody deleted is gone as well") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  driver.push("a", body_of(1), {.more = {body_of(2)}});
  auto other = SqliteDatabase::open(driver.file.directory() + "/messages.db", false, {});
  REQUIRE(other->execute("DELETE FROM bodies WHERE id = 1", "write to").has_value());
  CHECK(driver.drain("a") == Texts{body_of(2)});
}

TEST_CASE("backlogs that are drained side by side come back in order, within the memory there is") {
  constexpr int kEndpoints = 20;
  constexpr int kMessages = 100;
  FileDriver driver(
      {.patience = std::chrono::seconds(1), .memory = {.budget = 0, .least = 1'000'000}});
  const auto name = [](int number) { return "q" + std::to_string(number); };
  for (int i = 0; i < kMessages; ++i) {
    for (int q = 0; q < kEndpoints; ++q) driver.ask_push(name(q), body_of(i));
  }
  driver.rig().turn_until_idle();
  driver.end(false);
  for (int i = 0; i < kMessages; ++i) {
    for (int q = 0; q < kEndpoints; ++q) {
      const auto taken = driver.take(name(q));
      REQUIRE(taken.body == body_of(i));
      driver.settle_quietly(name(q), taken.receipt);
      REQUIRE(driver.file.local().resident_bytes() <= 1'000'000);
    }
  }
}

TEST_CASE("the file is used again: much that comes and goes does not make it grow") {
  FileDriver driver({.memory = {.budget = 0, .least = 0}});
  const auto round = [&driver] {
    std::vector<FileDriver::Answer> answers;
    for (int i = 0; i < 500; ++i) answers.push_back(driver.ask_push("a", body_of(i)));
    driver.rig().turn_until_idle();
    for (auto seen = driver.claim("a", 100); !seen.empty(); seen = driver.claim("a", 100)) {
      driver.settle("a", receipts(seen));
    }
  };
  const auto size = [&driver] {
    return std::filesystem::file_size(driver.file.directory() + "/messages.db");
  };
  for (int i = 0; i < 3; ++i) round();
  driver.end(false);
  const auto before = size();
  for (int i = 0; i < 10; ++i) round();
  driver.end(false);
  CHECK(size() <= before + before / 4);
}
