#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/backoff.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/severity.h"
#include "core/store/redis_command.h"
#include "core/store/redis_link.h"
#include "core/store/redis_trouble.h"

namespace pistachio {

/// One Redis and our two connections to it. The *command link* carries every command; Redis notes
/// what is read on it and, once, when that changes (CLIENT TRACKING), names the key on the *bell
/// link*. So thousands of endpoints are waited for on two connections, and only servers that wait
/// are woken. Where Redis does not do that, has_doorbell() is false and whoever waits must look.
///
/// Either link alone is worth nothing: the loss of one resets both, and what was noted on it is
/// forgotten. Then on_ready is called again, after a pause that grows while it fails.
///
/// Loop thread only. Answers are handed on in run(), never inside a call.
class RedisNode {
 public:
  /// The answer; null when the link was lost first: nobody knows whether the command was carried
  /// out.
  using Then = std::function<void(const RedisValue*)>;

  struct Options {
    RedisAddress address = {};
    /// What Redis' clock (milliseconds since 1970) is ahead of the loop's; without it Redis is
    /// asked. For tests, in which time is an argument.
    std::optional<Duration> clock_ahead = std::nullopt;
    /// How long a command without haste waits for one with haste to leave with.
    Duration linger = Duration(5);
    /// Sent when a connection has been made: a user who may not do it is told so at once.
    RedisCommand probe = {"PING"};
  };
  /// Nobody waits for the answer to a command without haste: a message that is settled. It leaves
  /// with the next one, in the same write, which is most of what it costs us and Redis.
  enum class Haste : std::uint8_t { none, some };
  struct Callbacks {
    std::function<void()> on_ready;                ///< commands may be sent (again)
    std::function<void(std::string_view)> on_key;  ///< this key has changed since it was last read
    std::function<void()> on_all;                  ///< any key may have
    Report report;                                 ///< what a person should know
  };

  /// `loop` as for RedisLink.
  RedisNode(uv_loop_s* loop, Options options, Callbacks callbacks);
  /// Waits a second at the most until Redis has carried out what was sent.
  ~RedisNode();

  bool is_ready() const { return state_ == State::ready; }
  bool has_doorbell() const { return tracking_; }
  /// Why it is not ready; nothing when it is or has not been tried yet. Errc::bad_argument where
  /// Redis refuses us for good: a wrong password, say.
  const std::optional<Error>& trouble() const { return trouble_; }
  /// The trouble is one that Redis itself expects to be over soon: it is loading its data.
  bool asks_for_patience() const { return asks_for_patience_; }
  /// No answer is awaited.
  bool is_idle() const { return is_ready() && waiting_.empty() && inbox_.empty(); }

  /// Milliseconds since 1970 on Redis' clock; must have been ready once.
  std::int64_t clock(TimePoint point) const { return (point.time_since_epoch() + ahead_).count(); }
  TimePoint point(std::int64_t ms) const { return TimePoint(Duration(ms) - ahead_); }

  /// Must be ready. `then` may be empty. A script that Redis does not have is given to it and the
  /// command sent again. Of what scripts read, only what a claim does is noted for the bell.
  void send(const RedisCommand& command, Then then, Haste haste = Haste::some);

  /// What was sent leaves, unless nothing of it has haste and it may linger.
  void flush();

  Deadline next_wish() const;
  /// Takes in what was answered, connects when it is time to. True when it did anything.
  bool run(TimePoint now);

 private:
  enum class State : std::uint8_t { down, greeting_bell, greeting, ready };

  struct Waiting {
    Then then;
    std::size_t call_length = 0;  // of what stands of it in calls_, when it is one
    std::optional<RedisScript> script;
    TimePoint sent_at;
  };
  // One question of the handshake, and what is to be made of the answer. An error counts only when
  // it says that nothing will work, or where the answer is needed.
  struct Greeting {
    RedisCommand command;
    std::function<void(const RedisValue&)> read;
    bool needed = true;
  };

  void start();
  void greet_bell();
  void greet();
  void ask(RedisLink& link, std::vector<Greeting> greetings);
  std::vector<Greeting> credentials() const;
  void on_greeting(const RedisValue& value);
  void on_bell(const RedisValue& value);
  void on_answer(const RedisValue& value);
  void forget_call(std::size_t length);
  void become_ready();
  void refuse(const RedisTrouble& trouble);
  void lose();
  void ask_time();
  void report(Severity severity, const std::string& what) const;

  const Options options_;
  const Callbacks callbacks_;
  const Backoff backoff_{.first = Duration(50), .most = Duration(500)};

  State state_ = State::down;
  TimePoint now_{};                               // of the last run
  Deadline act_at_ = Deadline(TimePoint::min());  // connect, or give up connecting
  unsigned failures_ = 0;
  std::optional<Error> trouble_;
  bool was_ready_once_ = false;  // else whoever opens it tells of the trouble
  bool asks_for_patience_ = false;
  bool refused_ = false;  // it has said in the greetings why it does not want us
  std::string lost_why_;  // noted when it happens, acted on by run()
  Errc lost_code_ = Errc::unavailable;

  std::optional<std::int64_t> bell_id_;
  std::int64_t command_id_ = 0;  // of the last that was ready
  std::int64_t greeted_id_ = 0;  // of the one that is being made
  bool tracking_ = false;
  Duration ahead_{};
  Deadline ask_time_at_;

  std::deque<Greeting> greetings_;
  std::deque<Waiting> waiting_;  // in the order of their answers
  // The calls of scripts among them as they were sent: Redis may have forgotten a script. In one
  // piece, which costs no allocation for each and leaves no holes when ten thousand were under way.
  std::string calls_;
  std::size_t calls_answered_ = 0;  // bytes at its front that are not needed any more
  std::deque<RedisReply> inbox_;
  std::deque<RedisReply> bells_;
  std::string outgoing_;
  Deadline leave_at_;  // when outgoing_ must
  std::minstd_rand random_;
  const std::string name_;  // what Redis calls the command link, and nobody else's

  // Last, so that they are closed before what their callbacks use.
  RedisLink command_;
  RedisLink bell_;
};

}  // namespace pistachio
