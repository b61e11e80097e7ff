#define CATCH_CONFIG_RUNNER
#include <csignal>

#include "tests/support/catch.h"

int main(int argc, char** argv) {
  // Writing to a connection that a test has closed is an error to look at, not a death.
  std::signal(SIGPIPE, SIG_IGN);
  return Catch::Session().run(argc, argv);
}
