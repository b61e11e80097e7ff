#include "bench/load/drain.h"

#include "bench/load/span.h"

namespace pistachio::bench {
namespace {

constexpr double kFillMaxSeconds = 120;

/// Pushes the backlog, round robin over the endpoints.
void fill(const Options& options, Traffic& traffic, const Accounting& accounting) {
  const Nanoseconds start = now();
  const auto messages = static_cast<std::uint64_t>(options.messages);
  int endpoint = 0;
  while (accounting.counts.accepted + accounting.counts.refused < messages) {
    while (accounting.counts.sent < messages) {
      Connection* const publisher = traffic.take_free_publisher();
      if (publisher == nullptr) break;
      traffic.push(*publisher, endpoint);
      endpoint = (endpoint + 1) % options.endpoints;
    }
    traffic.turn(1);
    if (seconds_since(start) > kFillMaxSeconds) return;
  }
}

}  // namespace

std::string drain(const Options& options, Traffic& traffic, Accounting& accounting,
                  const ProcessMeter& meter, Report& report) {
  traffic.run_for(0.2);
  const Memory memory_empty = meter.memory();
  Span filling(meter);
  fill(options, traffic, accounting);
  filling.end();
  const auto pushed = static_cast<double>(accounting.counts.accepted);
  traffic.run_for(0.3);
  const Memory memory_full = meter.memory();

  Span draining(meter);
  accounting.measure(true);
  const auto emptied = [&traffic, &accounting] {
    traffic.open_some_pollers();
    return accounting.all_delivered();
  };
  const bool complete = traffic.run_until(emptied, options.drain_seconds);
  accounting.measure(false);
  draining.end();
  traffic.run_for(0.1);  // for duplicates, and for the last acknowledgements to arrive

  const auto messages = static_cast<double>(accounting.measured());
  const double cpu = draining.cpu_us_per(messages);
  const double fill_cpu = filling.cpu_us_per(pushed);
  const double kb = static_cast<double>(memory_full.pss - memory_empty.pss);
  report.add("cpu_us_per_msg", cpu);
  draining.report_business(report);
  report.add("pollers", options.pollers);
  report.add("endpoints", options.endpoints);
  report.add("messages", options.messages);
  report.add("lines", options.lines);
  report.add("fill_cpu_us_per_msg", fill_cpu);
  report.add("whole_cpu_us_per_msg", fill_cpu + cpu);
  filling.report_business(report, "fill_");
  report.add("fill_s", filling.seconds());
  report.add("fill_per_s", pushed / filling.seconds());
  report.add("pss_full_kb", static_cast<double>(memory_full.pss));
  report.add("pss_bytes_per_msg", kb * 1024 / options.messages);
  report.add("complete", complete ? 1 : 0);
  report.add("msgs_per_s", messages / draining.seconds());
  report.add("drain_s", draining.seconds());
  report.add_faults(options, accounting);
  return text(
      "%d messages pushed at %.0f/s, server CPU %.2f us each; drained at %.0f/s, server CPU %.2f "
      "us "
      "each%s",
      options.messages, pushed / filling.seconds(), fill_cpu, messages / draining.seconds(), cpu,
      complete ? "" : "; INCOMPLETE");
}

}  // namespace pistachio::bench
