#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/store/store.h"

namespace pistachio::test {

/// A store in front of another that passes everything on: what decorators that do one thing
/// otherwise begin from. `inner` must outlive it. Sure of nothing, so that every claim is asked.
class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& inner) : inner_(inner) {}

  void set_bell(Bell bell) override { inner_.set_bell(std::move(bell)); }
  void push(Push&& push, Done<Pushed> done) override {
    inner_.push(std::move(push), std::move(done));
  }
  void claim(Claim claim, Done<Claimed> done) override {
    inner_.claim(std::move(claim), std::move(done));
  }
  void nobody_waits(const EndpointName& endpoint) override { inner_.nobody_waits(endpoint); }
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
  std::optional<FileCounts> file_counts() const override { return inner_.file_counts(); }
  std::string caveat() const override { return inner_.caveat(); }
  Deadline next_wish() const override { return inner_.next_wish(); }
  bool run(TimePoint now) override { return inner_.run(now); }

 protected:
  Store& inner_;
};

}  // namespace pistachio::test
