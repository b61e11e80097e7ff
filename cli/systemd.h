#pragma once

#include <string_view>

namespace pistachio::cli {

/// Tells the service manager ("READY=1", "STOPPING=1"), as sd_notify(3) describes it, when
/// $NOTIFY_SOCKET names one; else does nothing. A service manager that cannot be reached is no
/// reason to stop: failures are ignored.
void notify_service_manager(std::string_view state);

/// How many sockets the service manager has passed to this process (sd_listen_fds(3)): descriptors
/// 3, 4, … Takes the variables out of the environment, so that no child believes they are meant for
/// it. 0 when there are none.
int passed_sockets();

}  // namespace pistachio::cli
