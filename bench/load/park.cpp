#include "bench/load/park.h"

#include "bench/load/span.h"
#include "bench/load/waker.h"

namespace pistachio::bench {
namespace {

constexpr double kQuietShare = 0.015;  // of one CPU
constexpr double kLookSeconds = 0.3;

/// Memory of the server and of the kernel at one moment.
struct MemorySnapshot {
  explicit MemorySnapshot(const ProcessMeter& meter)
      : server(meter.memory()), slab_kb(kernel_slab_kb()), tcp_kb(tcp_memory_kb()) {}

  Memory server;
  std::int64_t slab_kb;
  std::int64_t tcp_kb;
};

/// Turns until the server has been quiet twice in a row: what it does after accepting so many
/// connections is not what it does while they wait.
void settle(const Options& options, Traffic& traffic, const ProcessMeter& meter) {
  if (!meter.has_processes()) {
    traffic.run_for(2);
    return;
  }
  const Nanoseconds start = now();
  for (int quiet = 0; quiet < 2 && seconds_since(start) < options.settle_max_seconds;) {
    Span look(meter);
    traffic.run_for(kLookSeconds);
    look.end();
    quiet = look.cpu_share() < kQuietShare ? quiet + 1 : 0;
  }
}

void report_memory(const MemorySnapshot& before, const MemorySnapshot& parked, const Memory& woken,
                   double polls, Report& report) {
  const auto each = [polls](std::int64_t from, std::int64_t to) {
    return static_cast<double>(to - from) * 1024 / polls;
  };
  report.add("rss0_kb", static_cast<double>(before.server.rss));
  report.add("rss1_kb", static_cast<double>(parked.server.rss));
  report.add("pss0_kb", static_cast<double>(before.server.pss));
  report.add("pss1_kb", static_cast<double>(parked.server.pss));
  report.add("rss_bytes_per_conn", each(before.server.rss, parked.server.rss));
  report.add("pss_bytes_per_conn", each(before.server.pss, parked.server.pss));
  report.add("pss_after_wakes_bytes_per_conn", each(before.server.pss, woken.pss));
  report.add("kernel_slab_kb_delta_both_ends",
             static_cast<double>(parked.slab_kb - before.slab_kb));
  report.add("tcp_mem_kb_delta", static_cast<double>(parked.tcp_kb - before.tcp_kb));
}

}  // namespace

std::string park(const Options& options, Traffic& traffic, Accounting& accounting,
                 const Window& window, const ProcessMeter& meter, Report& report) {
  traffic.run_for(0.2);
  const MemorySnapshot memory_before(meter);
  const Nanoseconds start = now();
  Span opening(meter);
  const bool all_sent = traffic.open_pollers();
  const double open_seconds = seconds_since(start);
  settle(options, traffic, meter);
  opening.end();

  const MemorySnapshot memory_parked(meter);
  const int parked = traffic.parked();
  const std::uint64_t empty_before = accounting.counts.empty_polls;
  Span idle(meter);
  traffic.run_for(options.hold_seconds);
  idle.end();
  const std::uint64_t idle_empty = accounting.counts.empty_polls - empty_before;

  Waker waker(options, traffic, window);
  Span waking(meter);
  accounting.measure(true);
  waker.run();
  traffic.run_until([&accounting] { return accounting.all_delivered(); }, 3, 0);
  accounting.measure(false);
  waking.end();

  const double polls = parked > 0 ? parked : 1;
  const auto woken = static_cast<double>(accounting.measured());
  const double pss = static_cast<double>(memory_parked.server.pss - memory_before.server.pss);
  const Latencies::Summary wake = accounting.latencies().summary();
  report.add("conns", options.pollers);
  report.add("endpoints", options.endpoints);
  report.add("parked", parked);
  report.add("all_sent", all_sent ? 1 : 0);
  report.add("open_s", open_seconds);
  report.add("settled_s", opening.seconds());
  report.add("open_cpu_us_per_conn", opening.cpu_us_per(polls));
  report_memory(memory_before, memory_parked, meter.memory(), polls, report);
  report.add("idle_cpu_pct", idle.cpu_share() * 100);
  report.add("idle_empties", static_cast<double>(idle_empty));
  report.add("threads", idle.server_at_end().threads);
  report.add("procs", idle.server_at_end().processes);
  report.add("wakes_sent", static_cast<double>(accounting.counts.sent));
  report.add("wakes_delivered", woken);
  report.add("wake_s", waking.seconds());
  report.add("wake_p50_us", wake.p50);
  report.add("wake_p90_us", wake.p90);
  report.add("wake_p99_us", wake.p99);
  report.add("wake_max_us", wake.max);
  report.add("wake_cpu_us_per_msg", waking.cpu_us_per(woken));
  report.add("late", waker.late());
  waking.report_business(report);
  report.add_faults(options, accounting);
  return text(
      "%d of %d polls parked in %.2f s, %.0f B of PSS each, %.2f %% CPU while idle, %d threads; "
      "%.0f wakes p50 %.0f p99 %.0f max %.0f us, CPU %.1f us each, %d left late",
      parked, options.pollers, open_seconds, pss * 1024 / polls, idle.cpu_share() * 100,
      idle.server_at_end().threads, woken, wake.p50, wake.p99, wake.max, waking.cpu_us_per(woken),
      waker.late());
}

}  // namespace pistachio::bench
