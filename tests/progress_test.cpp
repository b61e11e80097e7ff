#include "cli/progress.h"

#include <sstream>

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using pistachio::TimePoint;
using pistachio::cli::Progress;

TEST_CASE("progress is silent where there is no terminal") {
  std::ostringstream err;
  {
    Progress progress(err, false, 100);
    progress.show(1, 50, TimePoint(1s));
  }
  CHECK(err.str().empty());
}

TEST_CASE("progress shows a bar where the total is known and counts where it is not") {
  std::ostringstream err;
  Progress bar(err, true, 4096);
  bar.show(7, 2048, TimePoint(1s));
  CHECK(err.str() ==
        "\r[" + std::string(15, '#') + std::string(15, ' ') + "] 50 %  7 messages, 2.0 KiB\033[K");
  std::ostringstream other;
  Progress counter(other, true, 0);
  counter.show(7, 3 << 20, TimePoint(1s));
  CHECK(other.str() == "\r7 messages, 3.0 MiB\033[K");
}

TEST_CASE("progress is shown ten times a second at the most, and wiped once") {
  std::ostringstream err;
  Progress progress(err, true, 0);
  progress.show(1, 1, TimePoint(1s));
  const auto shown = err.str();
  progress.show(2, 2, TimePoint(1050ms));
  CHECK(err.str() == shown);
  progress.clear();
  progress.clear();
  CHECK(err.str() == shown + "\r\033[K");
}
