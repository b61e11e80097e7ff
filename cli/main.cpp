#include <csignal>

#include "cli/app.h"

int main(int argc, char** argv) {
  // Writing to what nobody reads any more is an error to look at, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  return pistachio::cli::run_app(argc, argv);
}
