#pragma once

namespace pistachio::cli {

// What a command ends with. Scripts depend on these: they are part of the command line.

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;       ///< refused or failed; the message says what to do
inline constexpr int kWrongUsage = 2;   ///< a flag, name or value that cannot be
inline constexpr int kNothingCame = 3;  ///< listen --once or --drain found no message
inline constexpr int kUnreachable = 4;  ///< after the retries that were asked for

/// Ended by signal `number`, as a shell counts it.
constexpr int ended_by_signal(int number) { return 128 + number; }

}  // namespace pistachio::cli
