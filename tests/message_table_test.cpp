#include "core/store/message_table.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "tests/support/catch.h"

using pistachio::MessageTable;
using pistachio::StoredMessage;

TEST_CASE("messages get ascending ids, are found by them, and an id is not used twice") {
  MessageTable table;
  StoredMessage& first = table.add();
  StoredMessage& second = table.add();
  CHECK(first.id == 1);
  CHECK(second.id == 2);
  CHECK(table.find(1) == &first);
  CHECK(table.find(2) == &second);
  table.erase(second);
  CHECK(table.find(2) == nullptr);
  CHECK(table.add().id == 3);
  CHECK(table.size() == 2);
}

// Which messages stay long is for others to decide: it must not make finding any of them slow.
TEST_CASE("whichever messages stay, few of their pages share a bucket") {
  const std::size_t stride = GENERATE(1u, 7u, 64u, 448u, 512u, 1000u, 1024u, 4096u);
  constexpr std::size_t kStaying = 1000;
  MessageTable table;
  std::size_t longest = 0;
  for (std::size_t id = 1; id <= kStaying * stride; ++id) {
    StoredMessage& message = table.add();
    if (id % stride != 0) table.erase(message);
    if (id % (100 * stride) == 0) longest = std::max(longest, table.longest_chain());
  }
  INFO("stride " << stride);
  CHECK(table.size() == kStaying);
  CHECK(longest <= 8);
  for (std::size_t id = 1; id <= kStaying * stride; ++id) {
    const StoredMessage* const found = table.find(id);
    if ((found != nullptr) != (id % stride == 0)) FAIL("message " << id);
    if (found != nullptr && found->id != id) FAIL("message " << id << " is " << found->id);
  }
}

TEST_CASE("a page goes with the last of its messages, except for that of the next id") {
  constexpr std::size_t kIds = MessageTable::kPageIds;
  MessageTable table;
  while (table.last_id() < 10 * kIds - 1) table.add();
  CHECK(table.pages() == 10);
  const auto erase = [&table](std::size_t from, std::size_t until) {
    for (std::size_t id = from; id < until; ++id) table.erase(*table.find(id));
  };
  erase(1, kIds);  // there is no 0
  CHECK(table.pages() == 9);
  erase(5 * kIds, 6 * kIds - 1);
  CHECK(table.pages() == 9);
  erase(6 * kIds - 1, 6 * kIds);
  CHECK(table.pages() == 8);
  erase(9 * kIds, 10 * kIds);
  CHECK(table.pages() == 8);
  table.add();  // in a page of its own
  CHECK(table.pages() == 8);
  erase(kIds, 5 * kIds);
  erase(6 * kIds, 9 * kIds);
  CHECK(table.pages() == 1);
  CHECK(table.size() == 1);
  erase(10 * kIds, 10 * kIds + 1);
  CHECK(table.pages() == 1);
  CHECK(table.add().id == 10 * kIds + 1);
}

TEST_CASE(
    "a message that was adopted is found by its id, and the next id comes after those given") {
  MessageTable table;
  for (const std::uint64_t id : {3u, 5u, 700u, 70'000u}) {
    auto message = std::make_unique<StoredMessage>();
    message->id = id;
    StoredMessage& adopted = table.adopt(std::move(message));
    CHECK(table.find(id) == &adopted);
  }
  CHECK(table.find(4) == nullptr);
  CHECK(table.find(701) == nullptr);
  CHECK(table.find(69'999) == nullptr);
  CHECK(table.pages() == 3);
  table.give_ids_after(70'010);
  CHECK(table.add().id == 70'011);
  table.give_ids_after(1'000'000);
  CHECK(table.add().id == 1'000'001);
  CHECK(table.size() == 6);
}
