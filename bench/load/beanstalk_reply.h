#pragma once

#include <string_view>

#include "bench/load/reply.h"

namespace pistachio::bench {

/// Reads one reply of beanstalkd. What acknowledges only the setting up or the deletion of a job
/// counts as interim, so that a poll and a push have one answer each.
Parsed parse_beanstalk_reply(std::string_view bytes);

}  // namespace pistachio::bench
