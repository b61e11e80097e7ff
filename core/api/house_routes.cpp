// What tells people and machines about the server itself (PROTOCOL section 8).

#include "core/api/api.h"
#include "core/version.h"

namespace pistachio {
namespace {

void line(std::string& out, std::string_view name, std::string_view labels, std::uint64_t value) {
  out.append(name).append(labels).append(" ").append(std::to_string(value)).append("\n");
}

void family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

}  // namespace

void Api::home(Request& request) {
  const auto host = request.head.field("host");
  const std::string base =
      "http://" + std::string(host && !host->empty() ? *host : "localhost") + options_.path;
  http::Response& response = fresh();
  response.add("Content-Type", "text/plain; charset=utf-8");
  response.add("Cache-Control", "no-store");
  response.body =
      "pistachio " + std::string(version()) +
      ": a message queue. Each message goes to one listener, and waits until one comes.\n\n"
      "  curl -d 'hello' " +
      base +
      "/foobar     # push a message\n"
      "  curl " +
      base +
      "/foobar                # take it, or wait for one (504: ask again)\n"
      "  curl " +
      base + "                       # what waits where\n";
  send(request.connection);
}

void Api::readiness(Request& request) {
  fresh().add("Content-Type", "text/plain");
  response_.add("Cache-Control", "no-store");
  const auto trouble = store_.health();
  if (draining_ || trouble) {
    response_.status = 503;
    response_.add("Retry-After", std::uint64_t{1});
    response_.body = draining_ ? "draining\n" : trouble->message + "\n";
  } else {
    response_.body = "ok\n";
    if (const std::string caveat = store_.caveat(); !caveat.empty()) {
      response_.body += caveat + "\n";
    }
  }
  send(request.connection);
}

// Plain counters and a writer of a page, not prometheus-cpp: its registry locks and its families
// are looked up by label.
void Api::metrics(Request& request) {
  http::Response& response = fresh();
  response.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.add("Cache-Control", "no-store");
  std::string& out = response.body;
  family(out, "pistachio_messages_pushed_total", "counter", "Messages taken from clients.");
  line(out, "pistachio_messages_pushed_total", "", counters_.pushes);
  family(out, "pistachio_messages_delivered_total", "counter",
         "Messages handed out, redeliveries included.");
  line(out, "pistachio_messages_delivered_total", "", counters_.deliveries);
  family(out, "pistachio_polls_empty_total", "counter", "Polls that ended without a message.");
  line(out, "pistachio_polls_empty_total", "", counters_.empty_polls);
  family(out, "pistachio_answers_given_back_total", "counter",
         "Answers with messages that their client did not get.");
  line(out, "pistachio_answers_given_back_total", "", counters_.given_back);
  family(out, "pistachio_answers_total", "counter", "Answers, by the class of their status.");
  constexpr std::string_view kClasses[] = {
      "", "", "{class=\"2xx\"}", "{class=\"3xx\"}", "{class=\"4xx\"}", "{class=\"5xx\"}"};
  for (std::size_t i = 2; i < 6; ++i)
    line(out, "pistachio_answers_total", kClasses[i], counters_.answers[i]);
  family(out, "pistachio_polls_waiting", "gauge", "Polls that wait for a message.");
  line(out, "pistachio_polls_waiting", "", broker_.polls());
  family(out, "pistachio_deliveries_open", "gauge",
         "Answers with messages whose fate is not known yet.");
  line(out, "pistachio_deliveries_open", "", broker_.deliveries());
  family(out, "pistachio_connections", "gauge", "Open client connections.");
  line(out, "pistachio_connections", "", server_.connections());
  family(out, "pistachio_buffered_bytes", "gauge",
         "Bytes of requests and answers that are held in memory on their way.");
  line(out, "pistachio_buffered_bytes", "", server_.buffered());
  if (const auto file = store_.file_counts()) {
    family(out, "pistachio_messages_written_total", "counter",
           "Messages that were written to the store's file.");
    line(out, "pistachio_messages_written_total", "", file->written);
    family(out, "pistachio_messages_spared_total", "counter",
           "Messages that were consumed before they were written to the store's file.");
    line(out, "pistachio_messages_spared_total", "", file->spared);
  }
  send(request.connection);
}

}  // namespace pistachio
