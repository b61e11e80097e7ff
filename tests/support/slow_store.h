#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/forwarding_store.h"

namespace pistachio::test {

/// A store behind a slow network: claims reach `inner` only when released, and their answers come
/// back later still. All else is forwarded at once. Can be told to fail claims.
class SlowStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  /// Claims that have not reached the store yet.
  std::size_t waiting_claims() const { return claims_.size(); }
  /// Claims that the store has carried out and whose answer is still under way.
  std::size_t waiting_answers() const { return answers_.size(); }

  void release_claim() {
    auto [claim, done] = std::move(claims_.front());
    claims_.pop_front();
    if (fail_next_ > 0) {
      --fail_next_;
      answers_.push_back(
          [done = std::move(done)] { done(failure(Errc::unavailable, "the store is away")); });
      return;
    }
    inner_.claim(std::move(claim), [this, done = std::move(done)](Expected<Claimed> result) {
      // The views end with this call: what arrives later must own its bytes.
      Copy copy;
      if (result) {
        copy.remaining = result->remaining;
        for (const Delivered& each : result->messages) {
          copy.bodies.emplace_back(each.message.body);
          copy.messages.push_back(each);
        }
      }
      answers_.push_back([copy = std::move(copy), done]() mutable {
        for (std::size_t i = 0; i < copy.messages.size(); ++i)
          copy.messages[i].message.body = copy.bodies[i];
        done(Claimed{copy.messages, copy.remaining});
      });
    });
  }
  void release_answer() {
    const auto answer = std::move(answers_.front());
    answers_.pop_front();
    answer();
  }
  void fail_next(int claims) { fail_next_ = claims; }

  void nobody_waits(const EndpointName& endpoint) override { left.push_back(endpoint.text()); }

  /// Of which endpoints it was told that nobody waits for them, in that order.
  std::vector<std::string> left;

  void claim(Claim claim, Done<Claimed> done) override {
    claims_.emplace_back(std::move(claim), std::move(done));
  }

 private:
  struct Copy {
    std::vector<std::string> bodies;
    std::vector<Delivered> messages;
    std::size_t remaining = 0;
  };
  std::deque<std::pair<Claim, Done<Claimed>>> claims_;
  std::deque<std::function<void()>> answers_;
  int fail_next_ = 0;
};

}  // namespace pistachio::test
