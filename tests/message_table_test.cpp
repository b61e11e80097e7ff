#include "core/store/message_table.h"

#include <algorithm>

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
TEST_CASE("whichever messages stay, few of them share a bucket") {
  const std::size_t stride = GENERATE(1u, 2u, 7u, 8u, 64u, 1000u, 1024u);
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
  CHECK(longest <= 24);
}
