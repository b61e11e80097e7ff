#include "core/store/linear_table.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <set>

#include "tests/support/catch.h"

namespace {

struct Node {
  std::size_t key = 0;
  Node* next = nullptr;
};

struct NodeHash {
  std::size_t operator()(const Node& node) const { return node.key * 0x9e3779b97f4a7c15u >> 20; }
};

// All hashes are the same: one chain.
struct SameHash {
  std::size_t operator()(const Node&) const { return 5; }
};

using Table = pistachio::LinearTable<Node, &Node::next, NodeHash>;

Node* find(const Table& table, std::size_t key) {
  return table.find(NodeHash{}(Node{key}), [key](const Node& node) { return node.key == key; });
}

}  // namespace

TEST_CASE("a table finds what is in it, and only that, at every size on the way up and down") {
  constexpr std::size_t kCount = 1000;
  std::deque<Node> nodes;
  Table table;
  for (std::size_t key = 0; key < kCount; ++key) {
    table.insert(nodes.emplace_back(Node{key}));
    for (std::size_t other = 0; other < kCount; other += 7) {
      REQUIRE((find(table, other) != nullptr) == (other <= key));
    }
  }
  for (std::size_t key = 0; key < kCount; ++key) {
    table.erase(nodes[key]);
    for (std::size_t other = 0; other < kCount; other += 7) {
      REQUIRE((find(table, other) != nullptr) == (other > key));
    }
  }
  CHECK(table.size() == 0);
}

TEST_CASE("a table has buckets for what is in it and gives the rest back") {
  std::deque<Node> nodes;
  Table table;
  CHECK(table.buckets() == 8);
  for (std::size_t key = 0; key < 5000; ++key) {
    table.insert(nodes.emplace_back(Node{key}));
    REQUIRE(table.buckets() >= 2 * table.size());
    REQUIRE(table.buckets() <= 2 * table.size() + 8);
  }
  for (Node& node : nodes) {
    table.erase(node);
    REQUIRE(table.buckets() <= std::max<std::size_t>(8, 4 * table.size()));
  }
  CHECK(table.buckets() == 8);
}

TEST_CASE("a table keeps nodes apart whose hashes are the same") {
  std::deque<Node> nodes;
  pistachio::LinearTable<Node, &Node::next, SameHash> table;
  const auto has = [&table](std::size_t key) {
    return table.find(5, [key](const Node& node) { return node.key == key; }) != nullptr;
  };
  for (std::size_t key = 0; key < 50; ++key) table.insert(nodes.emplace_back(Node{key}));
  for (std::size_t key = 0; key < 50; key += 2) table.erase(nodes[key]);
  for (std::size_t key = 0; key < 50; ++key) CHECK(has(key) == (key % 2 == 1));
}

TEST_CASE("a visit sees every node once") {
  std::deque<Node> nodes;
  Table table;
  for (std::size_t key = 0; key < 300; ++key) table.insert(nodes.emplace_back(Node{key}));
  std::multiset<std::size_t> seen;
  table.for_each([&seen](const Node& node) { seen.insert(node.key); });
  CHECK(seen.size() == 300);
  CHECK(std::set<std::size_t>(seen.begin(), seen.end()).size() == 300);
}
