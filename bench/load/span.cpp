#include "bench/load/span.h"

namespace pistachio::bench {
namespace {

double to_seconds(Nanoseconds span) {
  return static_cast<double>(span) / static_cast<double>(kSecond);
}

double ticked(const Usage& usage) { return usage.user_seconds + usage.system_seconds; }

}  // namespace

Span::Span(const ProcessMeter& meter)
    : meter_(meter), server_before_(meter.usage()), own_before_(own_usage()), start_(now()) {}

void Span::end() {
  seconds_ = seconds_since(start_);
  server_after_ = meter_.usage();
  own_after_ = own_usage();
}

double Span::cpu_us_per(double count) const {
  return count > 0 ? to_seconds(server_after_.cpu - server_before_.cpu) * 1e6 / count : 0;
}

double Span::cpu_share() const {
  return to_seconds(server_after_.cpu - server_before_.cpu) / seconds_;
}

void Span::report_business(Report& report, const std::string& prefix) const {
  const double ticks = ticked(server_after_) - ticked(server_before_);
  const double user = server_after_.user_seconds - server_before_.user_seconds;
  report.add(prefix + "user_frac", ticks > 0 ? user / ticks : 0);
  report.add(prefix + "server_cpu_util", cpu_share());
  report.add(prefix + "client_cpu_util", to_seconds(own_after_.cpu - own_before_.cpu) / seconds_);
  report.add(prefix + "server_runq_wait",
             to_seconds(server_after_.waiting - server_before_.waiting) / seconds_);
  report.add(prefix + "client_runq_wait",
             to_seconds(own_after_.waiting - own_before_.waiting) / seconds_);
}

}  // namespace pistachio::bench
