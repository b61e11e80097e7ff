#pragma once

#include "core/clock.h"

namespace pistachio::cli {

/// Signals that come within so much of the one before are one wish with it: timeout(1) sends two at
/// once, to the process and to its group.
inline constexpr Duration kOneWish{200};

/// From now on SIGINT, SIGTERM and SIGHUP do what they do by default, save those that come within
/// kOneWish of one that counted `since` ago: it ends the process well, also when that takes less
/// time than the other needs to come. A signal that is ignored stays ignored.
void leave_signals(Duration since);

/// Turns SIGINT, SIGTERM and SIGHUP into bytes in a pipe, so that they are an event among others.
/// The next one after `most` of them does what it does by default: a program that does not end can
/// be ended. What comes within kOneWish of one that counted does not count. A signal that was
/// ignored at the start (nohup) stays ignored. One at a time in a process. Behind it is as after
/// leave_signals().
class SignalPipe {
 public:
  explicit SignalPipe(int most);
  ~SignalPipe();
  SignalPipe(const SignalPipe&) = delete;
  SignalPipe& operator=(const SignalPipe&) = delete;

  /// Each byte read from it is the number of a signal.
  int descriptor() const { return read_end_; }

 private:
  int read_end_ = -1;
};

}  // namespace pistachio::cli
