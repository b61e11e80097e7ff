#include "cli/command_runner.h"

#include <poll.h>
#include <sys/wait.h>

#include <array>

#include "cli/exit_status.h"
#include "cli/units.h"
#include "core/backoff.h"

namespace pistachio::cli {
namespace {

constexpr int kDeadLetter = 100;
constexpr int kCannotRun = 126;
constexpr int kNotFound = 127;

// Between attempts at one message.
constexpr Backoff kRetries{std::chrono::seconds(1), std::chrono::minutes(5)};

// For a command that is told to end.
constexpr Duration kGrace = std::chrono::seconds(2);

constexpr Duration kTick(10);

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

}  // namespace

CommandRunner::CommandRunner(std::string command, int out, const Latch& urgent)
    : command_(std::move(command)), out_(out), urgent_(urgent) {}

Handed CommandRunner::hand(const Envelope& message, HeldMessages& held) {
  auto child =
      Child::start({.command = command_,
                    .input = message.data,
                    .out = out_,
                    .variables = {{"PISTACHIO_MESSAGE_ID", message.id},
                                  {"PISTACHIO_MESSAGE_ENDPOINT", message.endpoint},
                                  {"PISTACHIO_MESSAGE_ATTEMPT", std::to_string(message.attempt)},
                                  {"PISTACHIO_MESSAGE_CONTENT_TYPE", message.content_type}}});
  if (!child) {
    return {.fate = Handed::Fate::refused, .end = kFailed, .why = child.error().message};
  }
  for (;;) {
    std::array<pollfd, 2> events = {
        {{urgent_.descriptor(), POLLIN, 0}, {child->descriptor(), POLLIN, 0}}};
    held.wait(events, child->descriptor() >= 0 ? Deadline::never() : Deadline::in(kTick, now()));
    if (const auto status = child->status()) return judge(*status, message);
    if (events[0].revents != 0) {
      child->end(kGrace);
      return {.fate = Handed::Fate::refused};
    }
  }
}

Handed CommandRunner::judge(int status, const Envelope& message) const {
  const bool exited = WIFEXITED(status);
  const int number = exited ? WEXITSTATUS(status) : WTERMSIG(status);
  if (exited && number == 0) return {};
  const std::string what =
      "message " + (message.id.empty() ? "of " + message.endpoint : message.id) +
      ": the command ended with " + (exited ? "status " : "signal ") + std::to_string(number);
  if (exited && number == kDeadLetter) {
    return {.fate = Handed::Fate::dead, .why = what + "; a dead letter now"};
  }
  if (exited && (number == kCannotRun || number == kNotFound)) {
    return {
        .fate = Handed::Fate::refused,
        .end = kFailed,
        .why = "the command cannot be run (status " + std::to_string(number) + "): " + command_};
  }
  const Duration pause = kRetries.ceiling(message.attempt);
  return {
      .fate = Handed::Fate::failed, .hidden = pause, .why = what + "; again in " + describe(pause)};
}

}  // namespace pistachio::cli
