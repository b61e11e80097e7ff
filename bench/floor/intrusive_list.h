#pragma once

namespace pistachio::bench {

/// Where an element stands in one list.
template <class T>
struct Links {
  T* previous = nullptr;
  T* next = nullptr;
};

/// A first-in-first-out list through links inside its elements: entering and leaving, also from the
/// middle, allocate nothing. It owns nothing.
template <class T, Links<T> T::*kLinks>
class IntrusiveList {
 public:
  T* front() const { return front_; }

  void push_back(T& element) {
    (element.*kLinks) = {back_, nullptr};
    (back_ != nullptr ? (back_->*kLinks).next : front_) = &element;
    back_ = &element;
  }

  /// `element` must be in this list.
  void remove(T& element) {
    const Links<T> links = element.*kLinks;
    (links.previous != nullptr ? (links.previous->*kLinks).next : front_) = links.next;
    (links.next != nullptr ? (links.next->*kLinks).previous : back_) = links.previous;
    (element.*kLinks) = {};
  }

 private:
  T* front_ = nullptr;
  T* back_ = nullptr;
};

}  // namespace pistachio::bench
