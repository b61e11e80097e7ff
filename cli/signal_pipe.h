#pragma once

namespace pistachio::cli {

/// Turns SIGINT, SIGTERM and SIGHUP into bytes in a pipe, so that they are an event among others.
/// After `most` of them the signals do again what they do by default: a program that does not end
/// can be ended. A signal that was ignored at the start (nohup) stays ignored. One at a time in a
/// process.
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
