// Looking at what is stored, and cleaning it (PROTOCOL sections 3, 6 and 8).

#include <algorithm>
#include <map>
#include <utility>

#include "core/api/api.h"
#include "core/api/message_lines.h"
#include "core/envelope.h"
#include "core/seconds.h"

namespace pistachio {
void Api::head(Request& request, const Target& target) {
  const Connection id = request.connection;
  if (!ok(id, Parameters::parse(request.head.query, {}))) return;
  auto name = one_name(id, target);
  if (!name) return;
  store_.counts(*std::move(name), [this, id](Expected<EndpointCounts> counts) {
    if (!ok(id, counts)) return;
    fresh().add("Cache-Control", "no-store");
    response_.add("Pistachio-Queued", std::uint64_t{counts->queued});
    const auto known = EndpointName::parse(counts->name);
    response_.add("Pistachio-Waiting", std::uint64_t{known ? broker_.waiting(*known) : 0});
    send(id);
  });
}

void Api::peek(Request& request, const Target& target, std::size_t limit) {
  const Connection id = request.connection;
  auto name = one_name(id, target);
  if (!name) return;
  // The name is on every line; it is found again in the answer rather than kept beside the
  // completion.
  store_.peek(*name, limit, [this, id, name = *name](Expected<std::span<const Peeked>> messages) {
    if (!ok(id, messages)) return;
    fresh().add("Content-Type", "application/x-ndjson");
    response_.add("Cache-Control", "no-store");
    for (const Peeked& each : *messages) {
      // As JSON a body may be six times as long.
      if (response_.body.size() > Store::kMostPeeked) break;
      append_message_line(name.text(), each.message, {.state = each.state}, response_.body);
    }
    send(id);
  });
}

void Api::remove(Request& request, const Target& target) {
  const Connection id = request.connection;
  const auto parameters = Parameters::parse(request.head.query, {"id"});
  if (!ok(id, parameters)) return;
  auto name = one_name(id, target);
  if (!name) return;
  if (const std::string_view* const message = parameters->find("id")) {
    return store_.remove(*std::move(name), std::string(*message),
                         [this, id](const Expected<std::monostate>& removed) {
                           if (ok(id, removed)) send_json(id, 200, "{\"purged\":1}\n");
                         });
  }
  store_.purge(*std::move(name), [this, id](const Expected<std::size_t>& count) {
    answer_count(id, "purged", count);
  });
}

void Api::redrive(Request& request, const EndpointName& name) {
  const Connection id = request.connection;
  if (!name.is_dead()) {
    return send_problem(id, 400,
                        "only dead letters are redriven: POST " + options_.path + "/" +
                            name.text() + ".dead?redrive=1");
  }
  store_.redrive(
      name, [this, id](const Expected<std::size_t>& count) { answer_count(id, "moved", count); });
}

void Api::answer_count(Connection id, std::string_view what, const Expected<std::size_t>& count) {
  if (ok(id, count))
    send_json(id, 200, "{\"" + std::string(what) + "\":" + std::to_string(*count) + "}\n");
}

void Api::list(Request& request) {
  const Connection id = request.connection;
  const auto parameters = Parameters::parse(request.head.query, {"after", "prefix"});
  if (!ok(id, parameters)) return;
  ListQuery query;
  if (const std::string_view* const after = parameters->find("after")) query.after = *after;
  if (const std::string_view* const prefix = parameters->find("prefix")) query.prefix = *prefix;
  store_.list(query, [this, id, query](Expected<std::vector<EndpointCounts>> counts) {
    on_listed(id, query, std::move(counts));
  });
}

// The store knows who holds messages, the Broker where somebody waits: both are shown, by name.
void Api::on_listed(Connection id, const ListQuery& query,
                    Expected<std::vector<EndpointCounts>> counts) {
  if (!ok(id, counts)) return;
  std::map<std::string, std::pair<EndpointCounts, std::size_t>> rows;
  for (EndpointCounts& each : *counts) {
    std::string name = each.name;
    rows.emplace(std::move(name), std::pair{std::move(each), std::size_t{0}});
  }
  broker_.each_line([&](const std::string& name, std::size_t waiting) {
    if (name <= query.after || !name.starts_with(query.prefix)) return;
    auto& row = rows[name];
    row.first.name = name;
    row.second = waiting;
    // No more than are shown, or fifteen thousand parked polls would all be sorted in.
    if (rows.size() > query.limit) rows.erase(std::prev(rows.end()));
  });
  http::Response& response = fresh();
  response.add("Content-Type", "application/json");
  response.add("Cache-Control", "no-store");
  std::string& body = response.body;
  body = "{\"endpoints\":[";
  for (const auto& [name, row] : rows) {
    const auto& [numbers, waiting] = row;
    if (body.back() == '}') body += ',';
    body += "{\"name\":";
    append_json_string(name, body);
    body += ",\"queued\":" + std::to_string(numbers.queued) +
            ",\"delayed\":" + std::to_string(numbers.delayed) +
            ",\"leased\":" + std::to_string(numbers.leased) +
            ",\"waiting\":" + std::to_string(waiting);
    if (numbers.oldest) body += ",\"oldest_s\":" + format_seconds(*numbers.oldest);
    body += '}';
  }
  body += "]}\n";
  send(id);
}

}  // namespace pistachio
