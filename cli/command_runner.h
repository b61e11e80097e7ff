#pragma once

#include <string>

#include "cli/child.h"
#include "cli/latch.h"
#include "cli/recipient.h"

namespace pistachio::cli {

/// Runs a command for each message: the body is its input, PISTACHIO_MESSAGE_ID, …_ENDPOINT,
/// …_ATTEMPT and …_CONTENT_TYPE are in its environment, and its exit status is the acknowledgement.
///
///   0           it worked: settled
///   100         it will never work: a dead letter
///   126, 127    the shell could not start it: given back, and listening ends with 1
///   other, or a signal: it failed: again after 1 s, 2 s, 4 s … 5 minutes, by attempt
class CommandRunner : public Recipient {
 public:
  /// `out` is the command's standard output. When `urgent` is set a running command is ended and
  /// its message refused. Both must outlive the runner.
  CommandRunner(std::string command, int out, const Latch& urgent);

  Handed hand(const Envelope& message, HeldMessages& held) override;
  bool gone() const override { return false; }

 private:
  Handed judge(int status, const Envelope& message) const;

  const std::string command_;
  const int out_;
  const Latch& urgent_;
};

}  // namespace pistachio::cli
