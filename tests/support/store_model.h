#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/store/store.h"
#include "core/store/store_totals.h"

namespace pistachio {

/// What a store should do, in the plainest way that can be read and believed: one vector of
/// messages, searched from end to end for every question. Nothing in it is clever or fast.
///
/// A delivery is named by the message's id and its number: the first delivery of a message is 1.
class StoreModel {
 public:
  explicit StoreModel(StoreOptions options) : options_(options) {}

  struct Message {
    std::uint64_t id = 0;
    std::string endpoint;
    std::string body;
    MessageState state = MessageState::queued;
    TimePoint pushed_at{};
    std::optional<TimePoint> ttl_ends;
    std::optional<TimePoint> until;      ///< of a delay or a lease
    std::uint32_t attempts = 0;          ///< counted
    std::uint32_t deliveries = 0;        ///< all
    std::optional<std::uint64_t> place;  ///< in the queue, once it has joined
    std::uint64_t arrival = 0;           ///< at the endpoint
  };

  /// Everything that is due until `now` happens, one thing after the other.
  void advance(TimePoint now);
  /// When the next thing will be due.
  std::optional<TimePoint> next() const;

  /// The functions of a Store at `now`. Errors are told by their code only.
  Expected<Pushed> push(const Push& push, TimePoint now);
  std::vector<Message> claim(const std::string& endpoint, std::size_t max, std::size_t max_bytes,
                             std::optional<Duration> lease, TimePoint now);
  bool settle(const std::string& endpoint, std::uint64_t id, std::uint32_t delivery);
  bool give_back(const std::string& endpoint, std::uint64_t id, std::uint32_t delivery,
                 const GiveBack& how, TimePoint now);
  bool extend(const std::string& endpoint, std::uint64_t id, std::uint32_t delivery, Duration lease,
              TimePoint now);
  std::size_t purge(const std::string& endpoint);
  bool remove(const std::string& endpoint, std::uint64_t id);
  std::size_t redrive(const std::string& dead);

  /// The process ended and another began, whose monotonic clock shows `shift` more, beside the time
  /// that has passed: what was leased is available, and nothing rings. Ids go on after `last_id`.
  void restart(Duration shift, std::uint64_t last_id);
  std::uint64_t last_id() const { return last_id_; }

  std::vector<Message> peek(const std::string& endpoint) const;
  EndpointCounts counts(const std::string& endpoint, TimePoint now) const;
  std::vector<std::string> names() const;
  StoreTotals totals() const;

  /// How often the bell should have been rung for since the last call, by endpoint.
  std::map<std::string, std::size_t> rung() { return std::exchange(rung_, {}); }

 private:
  struct Key {
    std::string fingerprint;
    Pushed answer;
    TimePoint ends;
  };

  Message* find(std::uint64_t id);
  Message* held(const std::string& endpoint, std::uint64_t id, std::uint32_t delivery);
  std::optional<TimePoint> next_of(const Message& message) const;
  void come_back(Message& message, const GiveBack& how, TimePoint now);
  void make_available(Message& message);
  void move(Message& message, const std::string& endpoint);
  void drop(std::uint64_t id);

  StoreOptions options_;
  std::vector<Message> messages_;
  std::map<std::pair<std::string, std::string>, Key> keys_;
  std::map<std::string, std::size_t> rung_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_place_ = 0;
  std::uint64_t last_arrival_ = 0;
  StoreTotals totals_;
};

}  // namespace pistachio
