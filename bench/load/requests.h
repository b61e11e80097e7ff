#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/load/connection.h"
#include "bench/load/options.h"

namespace pistachio::bench {

/// The bytes of polls and pushes, written out for every endpoint before the run, so that sending
/// one is little more than copying it.
class Requests {
 public:
  explicit Requests(const Options& options);

  /// Appends a poll of `endpoint`. Uses up the receipts and the job in `memory`.
  void append_poll(std::string& out, int endpoint, PollMemory& memory) const;

  void append_push(std::string& out, int endpoint, std::string_view body) const;

  /// What a poller of `endpoint` says first of all; empty but for beanstalkd.
  std::string greeting(int endpoint) const;

 private:
  /// A poll is `to_target`, what is acknowledged, `to_headers`, what was seen last, an empty line.
  struct Poll {
    std::string to_target;
    std::string to_headers;
  };

  Poll poll_of(int endpoint) const;
  std::string push_of(int endpoint) const;
  std::string headers() const;

  const Options options_;
  std::string ack_;  // `?ack=` or `&ack=`
  std::vector<Poll> polls_;
  std::vector<std::string> pushes_;
};

}  // namespace pistachio::bench
