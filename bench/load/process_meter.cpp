#include "bench/load/process_meter.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace pistachio::bench {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Nothing but digits: the folders of processes and threads.
int id_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  int id = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  return error == std::errc() && stop == name.data() + name.size() ? id : 0;
}

std::vector<int> ids_in(const fs::path& folder) {
  std::vector<int> ids;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (const int id = id_of(at->path())) ids.push_back(id);
  }
  return ids;
}

fs::path folder_of(int pid) { return fs::path("/proc") / std::to_string(pid); }

/// The fields of /proc/PID/stat from the third on: the second, the name, may hold anything. Empty
/// when the process has ended. proc(5) counts the fields from 1.
class Stat {
 public:
  explicit Stat(int pid) {
    const std::string text = read_file(folder_of(pid) / "stat");
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return;
    std::istringstream rest(text.substr(name_end + 1));
    for (std::string field; rest >> field;) fields_.push_back(field);
  }

  bool ended() const { return fields_.size() < 20; }
  int parent() const { return static_cast<int>(number(4)); }
  double user_seconds() const { return seconds(14); }
  double system_seconds() const { return seconds(15); }
  int threads() const { return static_cast<int>(number(20)); }

 private:
  long number(std::size_t field) const { return std::stol(fields_[field - 3]); }
  double seconds(std::size_t field) const {
    return static_cast<double>(number(field)) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }

  std::vector<std::string> fields_;
};

/// schedstat: nanoseconds on a CPU, nanoseconds waiting for one.
void add_schedstat(const fs::path& folder, Usage& usage) {
  std::ifstream file(folder / "schedstat");
  Nanoseconds cpu = 0;
  Nanoseconds waiting = 0;
  if (file >> cpu >> waiting) {
    usage.cpu += cpu;
    usage.waiting += waiting;
  }
}

/// The number after `name` in a file of `name: number` lines; 0 when there is none.
std::int64_t value_of(const fs::path& path, const std::string& name) {
  std::ifstream file(path);
  std::string word;
  std::int64_t value = 0;
  while (file >> word) {
    if (word == name && file >> value) return value;
  }
  return 0;
}

}  // namespace

std::vector<int> ProcessMeter::with_descendants() const {
  std::multimap<int, int> children;
  for (const int pid : ids_in("/proc")) {
    const Stat stat(pid);
    if (!stat.ended()) children.emplace(stat.parent(), pid);
  }
  std::vector<int> family = roots_;
  std::set<int> seen(family.begin(), family.end());
  for (std::size_t i = 0; i < family.size(); ++i) {
    const auto [from, to] = children.equal_range(family[i]);
    for (auto child = from; child != to; ++child) {
      if (seen.insert(child->second).second) family.push_back(child->second);
    }
  }
  return family;
}

Usage ProcessMeter::usage() const {
  Usage usage;
  for (const int pid : with_descendants()) {
    const Stat stat(pid);
    if (stat.ended()) continue;
    usage.user_seconds += stat.user_seconds();
    usage.system_seconds += stat.system_seconds();
    usage.threads += stat.threads();
    ++usage.processes;
    const fs::path tasks = folder_of(pid) / "task";
    for (const int thread : ids_in(tasks)) add_schedstat(tasks / std::to_string(thread), usage);
  }
  return usage;
}

Memory ProcessMeter::memory() const {
  Memory memory;
  for (const int pid : with_descendants()) {
    const fs::path rollup = folder_of(pid) / "smaps_rollup";
    memory.rss += value_of(rollup, "Rss:");
    memory.pss += value_of(rollup, "Pss:");
  }
  return memory;
}

std::int64_t kernel_slab_kb() { return value_of("/proc/meminfo", "Slab:"); }

std::int64_t tcp_memory_kb() {
  const std::string text = read_file("/proc/net/sockstat");
  std::istringstream line(text.substr(std::min(text.find("TCP:"), text.size())));
  std::string word;
  std::int64_t pages = 0;
  while (line >> word) {
    if (word == "mem" && line >> pages) return pages * sysconf(_SC_PAGESIZE) / 1024;
  }
  return 0;
}

Usage own_usage() {
  Usage usage;
  add_schedstat("/proc/self", usage);
  return usage;
}

}  // namespace pistachio::bench
