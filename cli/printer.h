#pragma once

#include <string>

#include "cli/latch.h"
#include "cli/recipient.h"
#include "core/prompt_wait.h"

namespace pistachio::cli {

/// How messages are printed.
struct PrintFormat {
  bool json = false;  ///< an envelope a line, instead of the message and `terminator`
  char terminator = '\n';
};

/// Prints messages to a descriptor and finds out whether they were read.
///
/// A file or a terminal has a message once it is written. A pipe has it once its reader has taken
/// the bytes out of it; until then nothing further is written, so that what a reader leaves behind
/// is never more than the one message that it had not finished. Whether it has is what the pipe
/// itself says (FIONREAD). To learn when to ask it is made as small as it can be (Linux: one page,
/// which poll() finds writable exactly when it is empty) and gets its size back in the end; where
/// that is not possible, or another program that shares the pipe undoes it, it is looked at by
/// timer.
class Printer : public Recipient {
 public:
  /// Waits end when `stop` is set; the message is refused then. Both must outlive the printer. The
  /// descriptor stays the caller's.
  Printer(int out, PrintFormat format, const Latch& stop);
  ~Printer() override;

  Handed hand(const Envelope& message, HeldMessages& held) override;
  bool gone() const override { return gone_; }

  /// poll() may be asked for POLLERR and POLLHUP of the descriptor, to learn that its reader has
  /// gone.
  bool has_reader() const { return kind_ != Kind::file || is_terminal_; }

 private:
  enum class Kind { file, pipe, socket };
  enum class Step { ready, gone, stopped };

  Step write(std::string_view bytes, HeldMessages& held);
  Step until_read(HeldMessages& held);
  bool is_empty() const;
  bool shrink();

  const int out_;
  const PrintFormat format_;
  const Latch& stop_;
  Kind kind_ = Kind::file;
  bool is_regular_ = false;
  bool is_terminal_ = false;
  int original_size_ = 0;  // of the pipe, when it was shrunk
  bool gone_ = false;
  int error_ = 0;  // errno of a write that failed for another reason
  PromptWait reader_;
  std::string line_;  // the bytes of the present message, kept for its memory
};

}  // namespace pistachio::cli
