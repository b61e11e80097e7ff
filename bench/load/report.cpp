#include "bench/load/report.h"

#include <cstdarg>
#include <cstdio>

namespace pistachio::bench {
namespace {

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::park:
      return "park";
    case Mode::pump:
      return "pump";
    case Mode::drain:
      return "drain";
  }
  return "";
}

}  // namespace

Report::Report(const Options& options)
    : title_(std::string(name_of(options.mode)) + " " + options.label) {
  add("mode", name_of(options.mode));
  add("label", options.label);
}

void Report::begin(std::string_view name) {
  json_ += json_.empty() ? "{" : ",";
  json_.append("\"").append(name).append("\":");
}

void Report::add(std::string_view name, double value) {
  begin(name);
  json_ += text("%.10g", value);
}

void Report::add(std::string_view name, std::string_view value) {
  begin(name);
  json_.append("\"").append(value).append("\"");
}

void Report::add_faults(const Options& options, const Accounting& accounting) {
  const Counts& counts = accounting.counts;
  const bool ordered = options.pollers == options.endpoints && !options.rotate;
  const auto fault = [this](std::string_view name, double count) {
    add(name, count);
    if (count > 0) faults_ += text(" %.*s %.0f", static_cast<int>(name.size()), name.data(), count);
  };
  add("sent", static_cast<double>(counts.sent));
  add("acked", static_cast<double>(counts.accepted));
  add("delivered", static_cast<double>(counts.delivered));
  fault("lost", static_cast<double>(accounting.lost()));
  fault("dup", static_cast<double>(counts.duplicates));
  fault("out_of_order", ordered ? static_cast<double>(counts.out_of_order) : -1);
  fault("stale", static_cast<double>(counts.stale));
  fault("misrouted", static_cast<double>(counts.misrouted));
  fault("corrupt", static_cast<double>(counts.corrupt));
  fault("bad_get", static_cast<double>(counts.bad_polls));
  fault("bad_post", static_cast<double>(counts.bad_pushes));
  fault("pub_failed", static_cast<double>(counts.refused));
  fault("empty_polls", static_cast<double>(counts.empty_polls));
  fault("gone", static_cast<double>(counts.gone));
  fault("conn_errors", static_cast<double>(counts.connection_errors));
  fault("reconnects", static_cast<double>(counts.reconnects));
  const std::string statuses = accounting.bad_statuses();
  if (!statuses.empty()) add("bad_codes", statuses);
}

void Report::print(const std::string& headline) const {
  std::printf("%s}\n", json_.c_str());
  std::fprintf(stderr, "%s: %s;%s\n", title_.c_str(), headline.c_str(),
               faults_.empty() ? " no faults" : faults_.c_str());
}

std::string text(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char buffer[512];
  const int size = std::vsnprintf(buffer, sizeof(buffer), format, arguments);
  va_end(arguments);
  if (size < 0) return {};
  return {buffer, std::min(static_cast<std::size_t>(size), sizeof(buffer) - 1)};
}

}  // namespace pistachio::bench
