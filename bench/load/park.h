#pragma once

#include <string>

#include "bench/load/accounting.h"
#include "bench/load/options.h"
#include "bench/load/process_meter.h"
#include "bench/load/report.h"
#include "bench/load/traffic.h"
#include "bench/load/window.h"

namespace pistachio::bench {

/// Many polls that wait: what one costs in memory, what all cost in idle CPU, and how long a push
/// to one of them takes to come out of it. `traffic` has its publishers open. Fills `report`;
/// returns its headline.
std::string park(const Options& options, Traffic& traffic, Accounting& accounting,
                 const Window& window, const ProcessMeter& meter, Report& report);

}  // namespace pistachio::bench
