#pragma once

namespace pistachio::cli {

/// The whole command line: parses, runs the command, returns the exit status (CLI.md has the
/// table).
int run_app(int argc, const char* const* argv);

}  // namespace pistachio::cli
