#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "cli/app.h"

namespace {

// A program that was started without one of the standard streams would give its number to the first
// socket it makes, and write messages there. What stands in for standard output refuses all
// writing, so that no message counts as read.
void fill_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest free number is this one.
    [[maybe_unused]] const int filled =
        ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  // Writing to what nobody reads any more is an error to look at, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  return pistachio::cli::run_app(argc, argv);
}
