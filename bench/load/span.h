#pragma once

#include <string>

#include "bench/load/process_meter.h"
#include "bench/load/report.h"

namespace pistachio::bench {

/// What the server and the generator used between two moments: it begins when it is made. `meter`
/// must outlive it.
class Span {
 public:
  explicit Span(const ProcessMeter& meter);

  /// Ends it; the questions below are for afterwards.
  void end();

  double seconds() const { return seconds_; }

  /// CPU of the server, in microseconds for each of `count`; 0 for none.
  double cpu_us_per(double count) const;

  /// CPU of the server, of one CPU.
  double cpu_share() const;

  const Usage& server_at_end() const { return server_after_; }

  /// Adds how busy both were, and how long they waited for a CPU: where the generator was busy all
  /// the time, or anyone waited, the machine was measured and not the server. The names of the
  /// figures begin with `prefix`.
  void report_business(Report& report, const std::string& prefix = "") const;

 private:
  const ProcessMeter& meter_;
  Usage server_before_;
  Usage server_after_;
  Usage own_before_;
  Usage own_after_;
  Nanoseconds start_;
  double seconds_ = 0;
};

}  // namespace pistachio::bench
