#pragma once

#include <string>

#include "bench/load/accounting.h"
#include "bench/load/options.h"
#include "bench/load/process_meter.h"
#include "bench/load/report.h"
#include "bench/load/traffic.h"
#include "bench/load/window.h"

namespace pistachio::bench {

/// A closed loop: pollers poll, publishers push as fast as the server answers, never more than a
/// window per endpoint. What a message costs, from its POST to the answer of its GET, how many pass
/// in a second and how long they take. `traffic` has its publishers open. Fills `report`; returns
/// its headline.
std::string pump(const Options& options, Traffic& traffic, Accounting& accounting, Window& window,
                 const ProcessMeter& meter, Report& report);

}  // namespace pistachio::bench
