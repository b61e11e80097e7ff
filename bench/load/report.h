#pragma once

#include <string>
#include <string_view>

#include "bench/load/accounting.h"
#include "bench/load/options.h"

namespace pistachio::bench {

/// What a run prints: one line of JSON on stdout, which bench/table.py reads, and one for people on
/// stderr. Fields keep the order in which they were added.
class Report {
 public:
  /// Begins with what was measured.
  explicit Report(const Options& options);

  void add(std::string_view name, double value);

  /// `value` must need no escaping in JSON.
  void add(std::string_view name, std::string_view value);

  /// Adds what went wrong, in the same words for every mode. Order can only be judged where each
  /// endpoint has one poller; elsewhere `out_of_order` is -1.
  void add_faults(const Options& options, const Accounting& accounting);

  /// `headline` is for people; the faults follow it.
  void print(const std::string& headline) const;

 private:
  void begin(std::string_view name);

  std::string json_;
  std::string title_;
  std::string faults_;
};

/// printf for std::string.
[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

}  // namespace pistachio::bench
