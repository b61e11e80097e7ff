#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/store/store.h"
#include "tests/support/catch.h"
#include "tests/support/store_factories.h"

namespace pistachio {

inline EndpointName endpoint(std::string_view text) { return EndpointName::parse(text).value(); }

/// A delivery or a peeked message, copied out of the store.
struct SeenMessage {
  std::string id;
  std::string body;
  std::string content_type;
  std::uint32_t attempt = 0;
  std::optional<Duration> age;
  Receipt receipt{};                          // of a delivery
  MessageState state = MessageState::leased;  // of a peek

  static SeenMessage from(const MessageView& view) {
    return {view.id, std::string(view.body), std::string(view.content_type), view.attempt,
            view.age};
  }
};

/// What is asked of a push beyond endpoint and body.
struct PushExtras {
  std::vector<std::string> more = {};
  std::string content_type = {};
  Duration delay = Duration::zero();
  std::optional<Duration> ttl = std::nullopt;
  std::string key = {};
  std::string fingerprint = "f";
};

/// A store of each kind in turn, asked and answered as if it were synchronous: every function asks,
/// turns until the completion has been called, and returns a copy of what it was given.
class StoreDriver {
 public:
  explicit StoreDriver(StoreOptions options = {})
      : StoreDriver(GENERATE(from_range(store_factories())), options) {}

  StoreDriver(const StoreFactory& factory, StoreOptions options)
      : which_(Catch::MessageBuilder("INFO", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info)
               << "store: " << factory.name),
        traits_(factory.traits),
        rig_(factory.make(options)) {
    store().set_bell([this](const EndpointName& name, std::size_t available) {
      rung[name.text()] += available;
    });
  }

  /// What this store need not do.
  const StoreTraits& traits() const { return traits_; }
  Store& store() { return rig_->store(); }
  StoreRig& rig() { return *rig_; }
  TimePoint now() const { return rig_->now(); }
  void pass(Duration span) { rig_->pass(span); }

  /// How many messages the bell has said became available, by endpoint.
  std::map<std::string, std::size_t> rung;

  static Push push_of(std::string_view name, std::string_view body, const PushExtras& extras = {}) {
    const auto message = [&extras](std::string_view text) {
      return NewMessage{std::string(text), extras.content_type, extras.delay, extras.ttl};
    };
    Push push{endpoint(name), message(body)};
    for (const std::string& text : extras.more) push.more.push_back(message(text));
    push.key = extras.key;
    if (!extras.key.empty()) push.fingerprint = extras.fingerprint;
    return push;
  }

  Expected<Pushed> push(std::string_view name, std::string_view body,
                        const PushExtras& extras = {}) {
    return answered<Pushed>([&](Store::Done<Pushed> done) {
      store().push(push_of(name, body, extras), std::move(done));
    });
  }

  std::vector<SeenMessage> claim(const Claim& claim) {
    std::vector<SeenMessage> seen;
    const auto result = answered<std::size_t>([&](const Store::Done<std::size_t>& done) {
      store().claim(claim, [&seen, done](const Expected<Claimed>& claimed) {
        if (!claimed) return done(tl::make_unexpected(claimed.error()));
        for (const Delivered& each : claimed->messages) {
          seen.push_back(SeenMessage::from(each.message));
          seen.back().receipt = each.receipt;
        }
        done(claimed->remaining);
      });
    });
    REQUIRE(result.has_value());
    remaining = *result;
    return seen;
  }

  std::vector<SeenMessage> claim(std::string_view name, std::size_t max = 1,
                                 std::optional<Duration> lease = std::nullopt) {
    return claim({.endpoint = endpoint(name), .max = max, .lease = lease});
  }

  /// What the last claim said was left.
  std::size_t remaining = 0;

  /// Claims one that must be there.
  SeenMessage take(std::string_view name, std::optional<Duration> lease = std::nullopt) {
    const auto seen = claim(name, 1, lease);
    REQUIRE(seen.size() == 1);
    return seen.front();
  }

  /// Takes and settles everything that is available: the bodies in order.
  std::vector<std::string> drain(std::string_view name) {
    std::vector<std::string> bodies;
    for (auto seen = claim(name); !seen.empty(); seen = claim(name)) {
      bodies.push_back(seen.front().body);
      REQUIRE(settle(name, {seen.front().receipt}).empty());
    }
    return bodies;
  }

  /// The receipts that no longer held a message.
  std::vector<Receipt> settle(std::string_view name, const std::vector<Receipt>& receipts) {
    return answered<std::vector<Receipt>>([&](Store::Done<std::vector<Receipt>> done) {
             store().settle(endpoint(name), receipts, std::move(done));
           })
        .value();
  }

  Expected<std::monostate> give_back(std::string_view name, const Receipt& receipt,
                                     GiveBack how = {}) {
    return answered<std::monostate>([&](Store::Done<std::monostate> done) {
      store().give_back(endpoint(name), receipt, how, std::move(done));
    });
  }

  Expected<std::monostate> extend(std::string_view name, const Receipt& receipt, Duration lease) {
    return answered<std::monostate>([&](Store::Done<std::monostate> done) {
      store().extend(endpoint(name), receipt, lease, std::move(done));
    });
  }

  std::size_t purge(std::string_view name) {
    return answered<std::size_t>([&](Store::Done<std::size_t> done) {
             store().purge(endpoint(name), std::move(done));
           })
        .value();
  }

  Expected<std::monostate> remove(std::string_view name, const std::string& id) {
    return answered<std::monostate>([&](Store::Done<std::monostate> done) {
      store().remove(endpoint(name), id, std::move(done));
    });
  }

  std::vector<SeenMessage> peek(std::string_view name, std::size_t limit = 1000) {
    std::vector<SeenMessage> seen;
    const auto result = answered<std::monostate>([&](const Store::Done<std::monostate>& done) {
      store().peek(endpoint(name), limit,
                   [&seen, done](const Expected<std::span<const Peeked>>& peeked) {
                     if (!peeked) return done(tl::make_unexpected(peeked.error()));
                     for (const Peeked& each : *peeked) {
                       seen.push_back(SeenMessage::from(each.message));
                       seen.back().state = each.state;
                     }
                     done(std::monostate());
                   });
    });
    REQUIRE(result.has_value());
    return seen;
  }

  std::size_t redrive(std::string_view dead) {
    return answered<std::size_t>([&](Store::Done<std::size_t> done) {
             store().redrive(endpoint(dead), std::move(done));
           })
        .value();
  }

  EndpointCounts counts(std::string_view name) {
    return answered<EndpointCounts>([&](Store::Done<EndpointCounts> done) {
             store().counts(endpoint(name), std::move(done));
           })
        .value();
  }

  std::vector<EndpointCounts> list(const ListQuery& query = {}) {
    return answered<std::vector<EndpointCounts>>(
               [&](Store::Done<std::vector<EndpointCounts>> done) {
                 store().list(query, std::move(done));
               })
        .value();
  }

 private:
  template <class T, class Ask>
  Expected<T> answered(Ask ask) {
    std::optional<Expected<T>> answer;
    ask(Store::Done<T>([&answer](Expected<T> result) {
      REQUIRE_FALSE(answer.has_value());
      answer.emplace(std::move(result));
    }));
    REQUIRE_FALSE(answer.has_value());
    REQUIRE(rig_->turn_until([&answer] { return answer.has_value(); }));
    rig_->turn_until_idle();
    return std::move(*answer);
  }

  Catch::ScopedMessage which_;
  const StoreTraits traits_;
  std::unique_ptr<StoreRig> rig_;
};

/// Just the bodies.
inline std::vector<std::string> bodies(const std::vector<SeenMessage>& seen) {
  std::vector<std::string> texts;
  for (const SeenMessage& message : seen) texts.push_back(message.body);
  return texts;
}

inline std::vector<Receipt> receipts(const std::vector<SeenMessage>& seen) {
  std::vector<Receipt> all;
  for (const SeenMessage& message : seen) all.push_back(message.receipt);
  return all;
}

}  // namespace pistachio
