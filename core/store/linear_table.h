#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace pistachio {

/// A hash table that grows and shrinks by one bucket at a time (linear hashing), chained through
/// the nodes themselves. Three things std::unordered_map does not give are needed at once: no
/// allocation per entry (the hot path), no pause in which a million entries are hashed again, and
/// memory that goes back when the entries go.
///
/// It holds pointers and owns nothing. A node is in the table once at the most; `kNext` is the
/// table's while it is in. `Hash` makes a std::size_t of a node, whose low bits must be well mixed.
template <class Node, Node* Node::*kNext, class Hash>
class LinearTable {
 public:
  std::size_t size() const { return size_; }

  /// Two to four times size(), but eight at least: short chains, since every step along one is a
  /// cache miss.
  std::size_t buckets() const { return buckets_.size(); }

  /// How many nodes share a bucket at the worst. Looks at all of them: for tests.
  std::size_t longest_chain() const {
    std::size_t longest = 0;
    for (const Node* node : buckets_) {
      std::size_t length = 0;
      for (; node != nullptr; node = node->*kNext) ++length;
      longest = length > longest ? length : longest;
    }
    return longest;
  }

  void insert(Node& node) {
    ++size_;
    while (buckets_.size() < 2 * size_) split();
    Node*& head = buckets_[bucket_of(Hash{}(node))];
    node.*kNext = head;
    head = &node;
  }

  /// `node` must be in the table.
  void erase(Node& node) {
    Node** link = &buckets_[bucket_of(Hash{}(node))];
    while (*link != &node) {
      assert(*link != nullptr);
      link = &((*link)->*kNext);
    }
    *link = node.*kNext;
    --size_;
    while (buckets_.size() > kFewest && buckets_.size() > 4 * size_) merge();
  }

  /// The node with that hash of which `same` is true, or null.
  template <class Same>
  Node* find(std::size_t hash, Same same) const {
    Node* node = buckets_[bucket_of(hash)];
    while (node != nullptr && !same(*node)) node = node->*kNext;
    return node;
  }

  /// Every node, in no order. `visit` may delete the node it is given, but must not change the
  /// table.
  template <class Visit>
  void for_each(Visit visit) const {
    for (Node* node : buckets_) {
      while (node != nullptr) {
        Node* const next = node->*kNext;
        visit(*node);
        node = next;
      }
    }
  }

 private:
  static constexpr std::size_t kFewest = 8;

  // Buckets [0, size) exist, half_ <= size < 2 * half_: those from size - half_ to half_ have not
  // been split yet and stand for two.
  std::size_t bucket_of(std::size_t hash) const {
    const std::size_t wide = hash & (2 * half_ - 1);
    return wide < buckets_.size() ? wide : wide - half_;
  }

  void split() {
    const std::size_t fresh = buckets_.size();
    buckets_.push_back(nullptr);
    Node** link = &buckets_[fresh - half_];
    while (Node* const node = *link) {
      if ((Hash{}(*node) & (2 * half_ - 1)) == fresh) {
        *link = node->*kNext;
        node->*kNext = buckets_[fresh];
        buckets_[fresh] = node;
      } else {
        link = &(node->*kNext);
      }
    }
    if (buckets_.size() == 2 * half_) half_ *= 2;
  }

  void merge() {
    if (buckets_.size() == half_) half_ /= 2;
    Node* const moved = buckets_.back();
    buckets_.pop_back();
    Node** link = &buckets_[buckets_.size() - half_];
    while (*link != nullptr) link = &((*link)->*kNext);
    *link = moved;
    if (buckets_.capacity() > 4 * buckets_.size()) buckets_.shrink_to_fit();
  }

  std::vector<Node*> buckets_ = std::vector<Node*>(kFewest);
  std::size_t half_ = kFewest;
  std::size_t size_ = 0;
};

}  // namespace pistachio
