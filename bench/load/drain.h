#pragma once

#include <string>

#include "bench/load/accounting.h"
#include "bench/load/options.h"
#include "bench/load/process_meter.h"
#include "bench/load/report.h"
#include "bench/load/traffic.h"

namespace pistachio::bench {

/// A backlog: pushes it with nobody polling, then lets the pollers empty it. Each half has its own
/// figures, the first half those of pushing in lines too. `traffic` has its publishers open. Fills
/// `report`; returns its headline.
std::string drain(const Options& options, Traffic& traffic, Accounting& accounting,
                  const ProcessMeter& meter, Report& report);

}  // namespace pistachio::bench
