#include "bench/load/pump.h"

#include "bench/load/span.h"

namespace pistachio::bench {
namespace {

constexpr std::size_t kExpectedLatencies = 2'000'000;

/// Gives every free publisher an endpoint that has room.
void feed(Traffic& traffic, Window& window) {
  for (;;) {
    Connection* const publisher = traffic.take_free_publisher();
    if (publisher == nullptr) return;
    const auto endpoint = window.take();
    if (!endpoint) {
      traffic.put_back(*publisher);
      return;
    }
    traffic.push(*publisher, *endpoint);
  }
}

}  // namespace

std::string pump(const Options& options, Traffic& traffic, Accounting& accounting, Window& window,
                 const ProcessMeter& meter, Report& report) {
  traffic.open_pollers();
  traffic.run_for(0.3);
  const Nanoseconds silence = options.reclaim_ms * kMillisecond;
  traffic.after_events([&traffic, &window, silence] {
    window.reclaim(silence, now());
    feed(traffic, window);
  });
  accounting.latencies().reserve(kExpectedLatencies);
  window.open();
  traffic.run_for(options.warmup_seconds);

  Span span(meter);
  accounting.measure(true);
  traffic.run_for(options.seconds);
  accounting.measure(false);
  span.end();

  window.close();
  const auto all_delivered = [&accounting] { return accounting.all_delivered(); };
  // Whatever still comes after the last message is a duplicate.
  if (traffic.run_until(all_delivered, options.drain_seconds)) traffic.run_for(0.1);

  const auto messages = static_cast<double>(accounting.measured());
  const double replies = static_cast<double>(accounting.measured_replies());
  const double rate = messages / span.seconds();
  const double cpu = span.cpu_us_per(messages);
  const Latencies::Summary latency = accounting.latencies().summary();
  report.add("cpu_us_per_msg", cpu);
  span.report_business(report);
  report.add("pollers", options.pollers);
  report.add("publishers", options.publishers);
  report.add("endpoints", options.endpoints);
  report.add("window", options.window);
  report.add("size", static_cast<double>(options.message_size));
  report.add("seconds", span.seconds());
  report.add("msgs_per_s", rate);
  report.add("responses_per_s", replies / span.seconds());
  report.add("e2e_p50_us", latency.p50);
  report.add("e2e_p90_us", latency.p90);
  report.add("e2e_p99_us", latency.p99);
  report.add("e2e_max_us", latency.max);
  report.add("reclaimed", static_cast<double>(window.reclaimed()));
  report.add("threads", span.server_at_end().threads);
  report.add_faults(options, accounting);
  return text("server CPU %.2f us/message, %.0f messages/s, end to end p50 %.0f p99 %.0f us", cpu,
              rate, latency.p50, latency.p99);
}

}  // namespace pistachio::bench
