#pragma once

#include <iosfwd>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "core/backoff.h"
#include "core/clock.h"

namespace pistachio::cli {

/// The hard times of a listener: how long to pause after each failure, and the two lines that a
/// person sees of it, one when it starts and one when it ends. Shared by all workers of one
/// command; may be used from any thread. `now` is on the steady clock.
class Trouble {
 public:
  /// `prefix` starts each line ("pistachio listen: "). Without `retry_for` it goes on for ever.
  /// `err` must outlive it.
  Trouble(std::ostream& err, std::string prefix, Backoff backoff,
          std::optional<Duration> retry_for);

  /// Something failed. How long to pause before the next attempt: `retry_after` when the server
  /// said so, else by backoff. Nothing: the time for retries is over.
  std::optional<Duration> failed(const std::string& what, std::optional<Duration> retry_after,
                                 TimePoint now);

  /// The same, quietly and without an end: something was found out that makes the next attempt
  /// better.
  Duration pause(TimePoint now);

  /// It works (again).
  void over(TimePoint now);

  /// One line for people.
  void say(const std::string& line);

 private:
  Duration next_pause(TimePoint now);

  std::mutex mutex_;  // guards all below
  std::ostream& err_;
  const std::string prefix_;
  const Backoff backoff_;
  const std::optional<Duration> retry_for_;
  std::minstd_rand random_;
  unsigned failures_ = 0;
  TimePoint since_;         // of the first failure in a row
  bool announced_ = false;  // the line that says that it started is out
};

}  // namespace pistachio::cli
