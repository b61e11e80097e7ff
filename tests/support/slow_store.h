#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/store/store.h"

namespace pistachio::test {

/// A store behind a slow network: claims reach `inner` only when released, and their answers come
/// back later still. All else is forwarded at once. Can be told to fail claims.
class SlowStore : public Store {
 public:
  explicit SlowStore(Store& inner) : inner_(inner) {}

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

  void set_bell(Bell bell) override { inner_.set_bell(std::move(bell)); }
  void push(Push push, Done<Pushed> done) override {
    inner_.push(std::move(push), std::move(done));
  }
  void claim(Claim claim, Done<Claimed> done) override {
    claims_.emplace_back(std::move(claim), std::move(done));
  }
  void settle(EndpointName endpoint, std::vector<Receipt> receipts,
              Done<std::vector<Receipt>> done) override {
    inner_.settle(std::move(endpoint), std::move(receipts), std::move(done));
  }
  void settle(const EndpointName& endpoint, const Receipt& receipt) override {
    inner_.settle(endpoint, receipt);
  }
  void give_back(EndpointName endpoint, Receipt receipt, GiveBack how,
                 Done<std::monostate> done) override {
    inner_.give_back(std::move(endpoint), receipt, how, std::move(done));
  }
  void extend(EndpointName endpoint, Receipt receipt, Duration lease,
              Done<std::monostate> done) override {
    inner_.extend(std::move(endpoint), receipt, lease, std::move(done));
  }
  void purge(EndpointName endpoint, Done<std::size_t> done) override {
    inner_.purge(std::move(endpoint), std::move(done));
  }
  void remove(EndpointName endpoint, std::string id, Done<std::monostate> done) override {
    inner_.remove(std::move(endpoint), std::move(id), std::move(done));
  }
  void peek(EndpointName endpoint, std::size_t limit, Done<std::span<const Peeked>> done) override {
    inner_.peek(std::move(endpoint), limit, std::move(done));
  }
  void redrive(EndpointName dead, Done<std::size_t> done) override {
    inner_.redrive(std::move(dead), std::move(done));
  }
  void counts(EndpointName endpoint, Done<EndpointCounts> done) override {
    inner_.counts(std::move(endpoint), std::move(done));
  }
  void list(ListQuery query, Done<std::vector<EndpointCounts>> done) override {
    inner_.list(std::move(query), std::move(done));
  }
  std::optional<Error> health() const override { return inner_.health(); }
  Deadline next_wish() const override { return inner_.next_wish(); }
  bool run(TimePoint now) override { return inner_.run(now); }

 private:
  struct Copy {
    std::vector<std::string> bodies;
    std::vector<Delivered> messages;
    std::size_t remaining = 0;
  };
  Store& inner_;
  std::deque<std::pair<Claim, Done<Claimed>>> claims_;
  std::deque<std::function<void()>> answers_;
  int fail_next_ = 0;
};

}  // namespace pistachio::test
