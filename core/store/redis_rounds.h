#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "core/store/redis_keys.h"
#include "core/store/redis_node.h"

namespace pistachio {

/// Once a while goes round all endpoints of the namespace at which something has happened that only
/// servers know of, whether a poll waits there or not. Servers look after what they have promised
/// and after what is polled; so this is for what a server that has died left at endpoints of which
/// only other programs take, and for messages that were given back into :retry, where such programs
/// do not see them. One server does it for all, by a key in Redis that ends when the server does.
class RedisRounds {
 public:
  /// How much of a namespace is looked at in one go, and when the next is: some hundredths of
  /// Redis' time, however many keys there are.
  static constexpr std::string_view kKeysAtOnce = "1000";
  static constexpr Duration kPause{10};

  struct Options {
    Duration every = {};      ///< from the end of a round to the next; zero: no rounds
    std::string server = {};  ///< unique to this one
    /// Messages that nobody has taken out of :retry from one round to the next go to the head of
    /// the list, as they were pushed: their attempts are forgotten. So not where those count.
    bool raises = true;
    std::function<void(const EndpointName&)> look_after = {};  ///< moves what is due there
    std::function<void(const EndpointName&)> raised = {};      ///< its list has got messages
  };

  /// The references must outlive this.
  RedisRounds(RedisNode& node, const RedisKeys& keys, Options options)
      : node_(node), keys_(keys), options_(std::move(options)) {}

  Deadline next() const { return next_; }
  /// To be called while the node is ready, when next() has come.
  void run(TimePoint now);
  /// The connection was made anew: what was under way has ended.
  void restart(TimePoint now);

 private:
  void begin();
  void scan();
  void on_scanned(const RedisValue* answer);
  void look_at_returned(const EndpointName& endpoint);
  void end();

  RedisNode& node_;
  const RedisKeys& keys_;
  const Options options_;
  TimePoint now_{};
  Deadline next_;
  std::string cursor_;  // of the round under way; empty between rounds
  // What stood in :retry a round ago, as the script says it.
  std::unordered_map<EndpointName, std::string, EndpointNameHash, std::equal_to<>> before_;
  std::unordered_map<EndpointName, std::string, EndpointNameHash, std::equal_to<>> seen_;
};

}  // namespace pistachio
