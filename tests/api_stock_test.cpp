// Looking and cleaning, what the server says of itself, and the shape of errors (PROTOCOL section
// 8).

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;
using nlohmann::json;

namespace {

Answer ask(ServerHouse& house, const std::string& method, const std::string& target) {
  return house.ask(method + " " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
}

// "a b c": the names in a list of endpoints, as they come.
std::string names_in(const Answer& answer) {
  std::string names;
  const json list = json::parse(answer.body);
  for (const json& each : list.at("endpoints"))
    names += (names.empty() ? "" : " ") + each.at("name").get<std::string>();
  return names;
}

std::vector<json> lines_of(const std::string& body) {
  std::vector<json> lines;
  for (std::size_t from = 0; from < body.size();) {
    const auto end = body.find('\n', from);
    REQUIRE(end != std::string::npos);
    lines.push_back(json::parse(body.substr(from, end - from)));
    from = end + 1;
  }
  return lines;
}

double metric(ServerHouse& house, const std::string& name) {
  const std::string page = "\n" + house.get("/metrics").body;
  const auto at = page.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 2));
}

}  // namespace

TEST_CASE("the list shows what every endpoint holds and who waits, by name") {
  ServerHouse house;
  const Answer nothing = house.get("/messages");
  CHECK(nothing.status == 200);
  CHECK(nothing.field("Content-Type") == "application/json");
  CHECK(nothing.field("Cache-Control") == "no-store");
  CHECK(nothing.body == "{\"endpoints\":[]}\n");

  house.push("b", "leased");
  house.get("/messages/b?lease=60");
  house.push("b", "one");
  house.push("b", "two");
  house.push("b?delay=60", "later");
  const auto client = house.client();
  client->send(get_request("/messages/a,c"));
  REQUIRE(house.turn_until([&] { return house.waiting("a") == 1; }));
  const Answer answer = house.get("/messages");
  CHECK(names_in(answer) == "a b c");
  const json list = json::parse(answer.body).at("endpoints");
  const json& a = list.at(0);
  CHECK(a == json{{"name", "a"}, {"queued", 0}, {"delayed", 0}, {"leased", 0}, {"waiting", 1}});
  json b = list.at(1);
  CHECK(b.at("oldest_s").get<double>() >= 0);
  b.erase("oldest_s");
  CHECK(b == json{{"name", "b"}, {"queued", 2}, {"delayed", 1}, {"leased", 1}, {"waiting", 0}});
}

TEST_CASE("the list goes on after a name, and shows only what begins with a prefix") {
  ServerHouse house;
  for (const std::string name : {"job.1", "job.2", "jobs", "mail", "A"}) house.push(name, "x");
  const auto client = house.client();
  client->send(get_request("/messages/job.0,zoo"));
  REQUIRE(house.turn_until([&] { return house.waiting("zoo") == 1; }));
  CHECK(names_in(house.get("/messages")) == "A job.0 job.1 job.2 jobs mail zoo");
  CHECK(names_in(house.get("/messages?prefix=job.")) == "job.0 job.1 job.2");
  CHECK(names_in(house.get("/messages?after=job.1")) == "job.2 jobs mail zoo");
  CHECK(names_in(house.get("/messages?after=job.1&prefix=job")) == "job.2 jobs");
  CHECK(names_in(house.get("/messages?after=zoo")).empty());
  CHECK(house.get("/messages?limit=1").status == 400);
}

TEST_CASE("the list shows 1000 endpoints at the most, and the others after the last of them") {
  ServerHouse house;
  const auto client = house.client();
  for (int i = 0; i < 1001; ++i) {
    REQUIRE(client->ask(post_request("/messages/n" + std::to_string(10'000 + i), "x")).status ==
            201);
  }
  const auto parked = house.client();
  parked->send(get_request("/messages/n1,n2"));
  REQUIRE(house.turn_until([&] { return house.waiting("n2") == 1; }));
  const json first = json::parse(house.get("/messages").body).at("endpoints");
  CHECK(first.size() == 1000);
  CHECK(first.front().at("name") == "n1");
  const std::string last = first.back().at("name");
  CHECK(last == "n10998");
  CHECK(names_in(house.get("/messages?after=" + last)) == "n10999 n11000 n2");
}

TEST_CASE("a peek shows messages as they stand in the order of their push and takes none") {
  ServerHouse house;
  house.push("a", "leased");
  house.get("/messages/a?lease=60");
  house.push("a?delay=60", "delayed");
  house.push("a", "\xff");
  const Answer answer = house.get("/messages/a?peek=1000");
  CHECK(answer.status == 200);
  CHECK(answer.field("Content-Type") == "application/x-ndjson");
  CHECK(answer.field("Cache-Control") == "no-store");
  const auto lines = lines_of(answer.body);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].at("data") == "leased");
  CHECK(lines[0].at("state") == "leased");
  CHECK_FALSE(lines[0].contains("receipt"));
  CHECK(lines[1].at("data") == "delayed");
  CHECK(lines[1].at("state") == "delayed");
  CHECK(lines[2].at("data_base64") == "/w==");
  CHECK(lines[2].at("state") == "queued");
  CHECK(lines[2].at("id") == "3");
  CHECK(lines_of(house.get("/messages/a?peek=2").body).size() == 2);
  CHECK(house.counts("a").queued == 1);
}

TEST_CASE("a peek at nothing is an empty 200 at once") {
  ServerHouse house;
  const Answer answer = house.get("/messages/a?peek=1");
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
  CHECK(house.get("/messages/a,b?peek=1").status == 400);
}

TEST_CASE("DELETE with an id removes that queued or delayed message and no other") {
  ServerHouse house;
  house.push("a", "one");
  house.push("a", "two");
  house.push("a?delay=60", "three");
  for (const std::string id : {"2", "3"}) {
    const Answer removed = ask(house, "DELETE", "/messages/a?id=" + id);
    CHECK(removed.status == 200);
    CHECK(removed.field("Content-Type") == "application/json");
    CHECK(removed.body == "{\"purged\":1}\n");
  }
  house.push("b", "leased");
  house.get("/messages/b?lease=60");
  for (const std::string target :
       {"a?id=2", "a?id=4", "b?id=1", "a?id=", "a?id=01", "a?id=x", "b?id=4"}) {
    INFO(target);
    const Answer answer = ask(house, "DELETE", "/messages/" + target);
    CHECK(answer.status == 404);
    CHECK(answer.field("Content-Type") == "application/problem+json");
  }
  CHECK(house.get("/messages/a?wait=0").body == "one");
  CHECK(house.counts("a").delayed == 0);
  CHECK(house.counts("b").leased == 1);
}

TEST_CASE(
    "a purge removes what is queued and delayed and leaves leased messages to their holders") {
  ServerHouse house;
  house.push("a", "leased");
  const std::string receipt = house.get("/messages/a?lease=60").field("Pistachio-Receipt").value();
  house.push("a", "queued");
  house.push("a?delay=60", "delayed");
  house.push("b", "other");
  const Answer purged = ask(house, "DELETE", "/messages/a");
  CHECK(purged.status == 200);
  CHECK(purged.body == "{\"purged\":2}\n");
  CHECK(ask(house, "DELETE", "/messages/a").body == "{\"purged\":0}\n");
  CHECK(ask(house, "DELETE", "/messages/a/" + receipt).status == 204);
  CHECK(house.counts("b").queued == 1);
  CHECK(ask(house, "DELETE", "/messages/a?di=1").status == 400);
  CHECK(ask(house, "DELETE", "/messages/a,b").status == 400);
}

TEST_CASE("OPTIONS says what a path allows") {
  ServerHouse house;
  for (const auto& [target, allowed] : std::vector<std::pair<std::string, std::string>>{
           {"/messages/a", "GET, HEAD, POST, DELETE, OPTIONS"},
           {"/messages/a/receipt", "PATCH, DELETE, OPTIONS"},
           {"/messages", "GET, HEAD, OPTIONS"},
           {"/", "GET, HEAD, OPTIONS"},
           {"/metrics", "GET, HEAD, OPTIONS"}}) {
    INFO(target);
    const Answer answer = ask(house, "OPTIONS", target);
    CHECK(answer.status == 204);
    CHECK(answer.field("Allow") == allowed);
    CHECK(answer.body.empty());
    CHECK(answer.field("Access-Control-Allow-Methods") == std::nullopt);
  }
}

TEST_CASE("a method that a path does not know is a 405 that says what is allowed") {
  ServerHouse house;
  house.push("a", "one");
  for (const auto& [request, allowed] : std::vector<std::pair<std::string, std::string>>{
           {"PATCH /messages/a", "GET, HEAD, POST, DELETE, OPTIONS"},
           {"PUT /messages/a", "GET, HEAD, POST, DELETE, OPTIONS"},
           {"get /messages/a", "GET, HEAD, POST, DELETE, OPTIONS"},
           {"GET /messages/a/receipt", "PATCH, DELETE, OPTIONS"},
           {"POST /messages/a/receipt", "PATCH, DELETE, OPTIONS"},
           {"DELETE /messages", "GET, HEAD, OPTIONS"},
           {"POST /healthz", "GET, HEAD, OPTIONS"}}) {
    INFO(request);
    const Answer answer = house.ask(request + " HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(answer.status == 405);
    CHECK(answer.field("Allow") == allowed);
    CHECK(answer.field("Content-Type") == "application/problem+json");
  }
  CHECK(house.counts("a").queued == 1);
}

TEST_CASE("whatever is outside our paths is a 404") {
  ServerHouse house;
  for (const std::string target : {"/nothing", "/messages2", "/messagesa/b", "/messages/a/b/c",
                                   "/Messages/a", "//messages/a", "/healthz/", "/metrics2"}) {
    INFO(target);
    CHECK(house.get(target).status == 404);
    CHECK(house.ask(post_request(target, "x")).status == 404);
  }
  CHECK(house.store.totals().pushed == 0);
}

TEST_CASE("endpoints live at the path that was set and nowhere else") {
  ApiOptions options;
  options.path = "/push_messages";
  ServerHouse house(options);
  CHECK(house.ask(post_request("/push_messages/a", "one")).status == 201);
  CHECK(house.get("/messages/a").status == 404);
  CHECK(names_in(house.get("/push_messages")) == "a");
  CHECK(house.get("/push_messages/a").body == "one");
}

TEST_CASE("an error is a problem with type, title, status and detail") {
  ServerHouse house;
  for (const auto& [target, status] : std::vector<std::pair<std::string, int>>{
           {"/nothing", 404}, {"/messages/a?leese=1", 400}, {"/messages/.", 400}}) {
    const Answer answer = house.get(target);
    CHECK(answer.status == status);
    CHECK(answer.field("Content-Type") == "application/problem+json");
    const json problem = json::parse(answer.body);
    CHECK(problem.size() == 4);
    CHECK(problem.at("type") == "about:blank");
    CHECK(answer.head.starts_with("HTTP/1.1 " + std::to_string(status) + " " +
                                  problem.at("title").get<std::string>() + "\r\n"));
    CHECK(problem.at("status") == status);
    CHECK_FALSE(problem.at("detail").get<std::string>().empty());
  }
}

TEST_CASE("an error that repeats what a client sent is still valid JSON") {
  ServerHouse house;
  const Answer answer = house.get("/messages/a?%22%5C%00%ff%0d%0aX:%20y=1");
  CHECK(answer.status == 400);
  CHECK(json::parse(answer.body).at("status") == 400);
  CHECK(answer.field("X") == std::nullopt);
}

TEST_CASE("the home page shows the three curl lines with the host that was asked") {
  ServerHouse house;
  const Answer answer = house.get("/");
  CHECK(answer.status == 200);
  CHECK(answer.field("Content-Type").value_or("").starts_with("text/plain"));
  for (const std::string line : {"curl -d 'hello' http://test/messages/foobar",
                                 "curl http://test/messages/foobar", "curl http://test/messages "})
    CHECK(answer.body.find(line) != std::string::npos);
}

TEST_CASE("health and readiness are a plain ok") {
  ServerHouse house;
  for (const std::string target : {"/healthz", "/readyz"}) {
    const Answer answer = house.get(target);
    CHECK(answer.status == 200);
    CHECK(answer.body == "ok\n");
    CHECK(answer.field("Cache-Control") == "no-store");
  }
}

TEST_CASE("a server whose store cannot be reached is alive, not ready, and says why") {
  ServerHouse house;
  house.front.error = Error{Errc::unavailable, "the store is away"};
  const Answer answer = house.get("/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.body == "the store is away\n");
  CHECK(answer.field("Retry-After").has_value());
  CHECK(house.get("/healthz").status == 200);
  house.front.error.reset();
  CHECK(house.get("/readyz").status == 200);
}

TEST_CASE("metrics count messages, answers and polls, and carry no label per endpoint") {
  ServerHouse house;
  house.push("secretname", "one");
  house.push("secretname?split=lines", "two\nthree");
  house.get("/messages/secretname?max=2");
  house.get("/messages/other?wait=0");
  house.get("/nothing");
  const auto parked = house.client();
  parked->send(get_request("/messages/other"));
  REQUIRE(house.turn_until([&] { return house.waiting("other") == 1; }));
  CHECK(metric(house, "pistachio_messages_pushed_total") == 3);
  CHECK(metric(house, "pistachio_messages_delivered_total") == 2);
  CHECK(metric(house, "pistachio_polls_empty_total") == 1);
  CHECK(metric(house, "pistachio_polls_waiting") == 1);
  CHECK(metric(house, "pistachio_answers_total{class=\"4xx\"}") == 1);
  CHECK(metric(house, "pistachio_answers_total{class=\"5xx\"}") == 1);
  const Answer page = house.get("/metrics");
  CHECK(page.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(page.body.find("secretname") == std::string::npos);
}

TEST_CASE("metrics tell what the store's file was given and spared, where there is one") {
  ServerHouse house;
  CHECK(metric(house, "pistachio_messages_written_total") == -1);
  house.front.counts = {.written = 3, .spared = 4};
  CHECK(metric(house, "pistachio_messages_written_total") == 3);
  CHECK(metric(house, "pistachio_messages_spared_total") == 4);
}

TEST_CASE("a refusal by the server itself is counted among the answers") {
  ServerHouse house;
  CHECK(house.ask("GET  / HTTP/1.1\r\nHost: test\r\n\r\n").status == 400);
  CHECK(metric(house, "pistachio_answers_total{class=\"4xx\"}") == 1);
}

TEST_CASE("a redrive is refused for an endpoint that holds no dead letters, and with a body") {
  ServerHouse house;
  const auto post = [&house](const std::string& target, const std::string& body) {
    return house.ask(post_request("/messages/" + target, body));
  };
  house.push("a.dead", "letter");
  CHECK(post("a?redrive=1", "").status == 400);
  CHECK(post("a.dead?redrive=1", "x").status == 400);
  CHECK(house.counts("a.dead").queued == 1);
  CHECK(post("a.dead?redrive=1", "").body == "{\"moved\":1}\n");
  CHECK(house.get("/messages/a?wait=0").body == "letter");
  const Answer none = post("a.dead?redrive=1", "");
  CHECK(none.status == 200);
  CHECK(none.body == "{\"moved\":0}\n");
}
