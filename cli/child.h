#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

namespace pistachio::cli {

/// A command that runs: a shell and whatever it starts, in a process group of their own (Ctrl-C at
/// a terminal is for us, not for them). It has our standard error and the output it was given, its
/// input is a file, and it has no other descriptor of ours.
class Child {
 public:
  struct Start {
    std::string command;  ///< for /bin/sh -c
    std::string input;    ///< what it reads
    int out;              ///< its standard output
    /// Added to our own environment; takes the place of variables of these names.
    std::vector<std::pair<std::string, std::string>> variables;
  };

  /// Errc::unavailable when the system cannot start any process, with its reason. A command that
  /// does not exist is the shell's affair: it ends with 127.
  static Expected<Child> start(const Start& how);

  /// Ends it, if it still runs.
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  /// Readable once it has ended; −1 where the system has no such thing: ask status() now and then.
  int descriptor() const { return descriptor_; }

  /// What waitpid() says, once it has ended.
  std::optional<int> status();

  /// Asks the whole group to end (SIGTERM), and after `grace` makes it (SIGKILL). Returns when it
  /// has ended.
  void end(Duration grace);

 private:
  explicit Child(pid_t pid);

  pid_t pid_ = -1;
  int descriptor_ = -1;
  std::optional<int> status_;
};

}  // namespace pistachio::cli
