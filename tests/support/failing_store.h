#pragma once

#include <optional>
#include <utility>

#include "tests/support/forwarding_store.h"

namespace pistachio::test {

/// A store that cannot: while `error` is set it takes no push, gives no message and says why to
/// whoever asks for its health. What it is asked completes in its next run(), as in every store.
class FailingStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  std::optional<Error> error;
  std::optional<FileCounts> counts;  ///< what it says that its file has

  void push(Push&& push, Done<Pushed> done) override {
    if (!error) return ForwardingStore::push(std::move(push), std::move(done));
    failed_.push_back([this, done = std::move(done)] { done(tl::make_unexpected(*error)); });
  }
  void claim(Claim claim, Done<Claimed> done) override {
    if (!error) return ForwardingStore::claim(std::move(claim), std::move(done));
    failed_.push_back([this, done = std::move(done)] { done(tl::make_unexpected(*error)); });
  }
  std::optional<Error> health() const override { return error; }
  std::optional<FileCounts> file_counts() const override { return counts; }
  bool run(TimePoint now) override {
    const auto failed = std::exchange(failed_, {});
    for (const auto& each : failed) each();
    return ForwardingStore::run(now) || !failed.empty();
  }

 private:
  std::vector<std::function<void()>> failed_;
};

}  // namespace pistachio::test
