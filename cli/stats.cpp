#include "cli/stats.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/enquiry.h"
#include "cli/exit_status.h"
#include "cli/units.h"

namespace pistachio::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kPage = 1000;  // endpoints that the server gives at once
constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

// All endpoints, or those that were asked for (also when they hold nothing), in order.
class Census {
 public:
  Census(Enquiry& enquiry, const std::vector<std::string>& wanted)
      : enquiry_(enquiry), wanted_(wanted) {}

  tl::expected<std::vector<json>, int> take() {
    std::vector<json> found;
    if (wanted_.empty()) {
      const auto all = pages("", found);
      if (!all) return tl::make_unexpected(all.error());
      return found;
    }
    for (const std::string& name : wanted_) {
      std::vector<json> near;
      // By name: the one itself comes first of all that start with it.
      const auto page = one_page("?prefix=" + name, near);
      if (!page) return tl::make_unexpected(page.error());
      if (near.empty() || near.front().value("name", "") != name) {
        near = {json{{"name", name}, {"queued", 0}, {"delayed", 0}, {"leased", 0}, {"waiting", 0}}};
      }
      found.push_back(near.front());
    }
    return found;
  }

 private:
  tl::expected<bool, int> pages(std::string after, std::vector<json>& found) {
    for (;;) {
      const std::size_t before = found.size();
      const auto page = one_page(after.empty() ? "" : "?after=" + after, found);
      if (!page) return page;
      if (found.size() - before < kPage) return true;
      after = found.back().value("name", "");
    }
  }

  tl::expected<bool, int> one_page(const std::string& query, std::vector<json>& found) {
    const auto body = enquiry_.ask("GET", query);
    if (!body) return tl::make_unexpected(body.error());
    const json answer = json::parse(*body, nullptr, false);
    if (!answer.is_object() || !answer.contains("endpoints") || !answer["endpoints"].is_array()) {
      return tl::make_unexpected(
          enquiry_.say(kFailed, "the server sent something that is no list of endpoints"));
    }
    for (const json& endpoint : answer["endpoints"]) {
      if (endpoint.is_object()) found.push_back(endpoint);
    }
    return true;
  }

  Enquiry& enquiry_;
  const std::vector<std::string>& wanted_;
};

std::string number(const json& endpoint, const char* name) {
  const auto at = endpoint.find(name);
  return at != endpoint.end() && at->is_number() ? at->dump() : "-";
}

std::string table(const std::vector<json>& endpoints) {
  std::vector<Row> rows = {{"ENDPOINT", "QUEUED", "DELAYED", "LEASED", "WAITING", "OLDEST"}};
  for (const json& endpoint : endpoints) {
    std::string oldest = "-";
    if (const auto at = endpoint.find("oldest_s"); at != endpoint.end() && at->is_number()) {
      oldest = describe(Duration(static_cast<Duration::rep>(at->get<double>() * 1000)));
    }
    rows.push_back({endpoint.value("name", ""), number(endpoint, "queued"),
                    number(endpoint, "delayed"), number(endpoint, "leased"),
                    number(endpoint, "waiting"), oldest});
  }
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    text += row[0];
    for (std::size_t i = 1; i < kColumns; ++i) {
      const std::size_t before = i == 1 ? widths[0] - row[0].size() : 0;
      text += std::string(before + 2 + widths[i] - row[i].size(), ' ') + row[i];
    }
    text += '\n';
  }
  return text;
}

std::string ndjson(const std::vector<json>& endpoints) {
  std::string text;
  for (const json& endpoint : endpoints) {
    text += endpoint.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  }
  return text;
}

}  // namespace

int stats(const StatsOptions& options, const Surroundings& surroundings) {
  Enquiry enquiry("stats", surroundings);
  for (const std::string& name : options.endpoints) {
    if (const auto wrong = enquiry.check_name(name)) return *wrong;
  }
  if (const auto wrong = enquiry.open(options.server)) return *wrong;
  const bool is_terminal = ::isatty(surroundings.out) == 1;
  for (;;) {
    const auto endpoints = Census(enquiry, options.endpoints).take();
    if (!endpoints) return endpoints.error();
    std::string text = is_terminal ? table(*endpoints) : ndjson(*endpoints);
    // Watching: each time from the top of a clean screen.
    if (is_terminal && options.watch) text.insert(0, "\033[H\033[2J");
    if (const auto ended = enquiry.print(text)) return *ended;
    if (!options.watch) return kDone;
    std::this_thread::sleep_for(*options.watch);
  }
}

}  // namespace pistachio::cli
