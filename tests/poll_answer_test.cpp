#include "core/poll_answer.h"

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using namespace pistachio;

namespace {

const PollWish kLeased{.endpoints = {"foobar"}, .lease = 30s};

PollAnswer read(int status, std::string body = "",
                std::vector<std::pair<std::string, std::string>> fields = {},
                const PollWish& wish = kLeased) {
  return read_poll_answer({status, std::move(body), std::move(fields)}, wish);
}

}  // namespace

TEST_CASE("a 200 is a message with what the fields say of it") {
  const auto answer = read(200, "body",
                           {{"pistachio-id", "17"},
                            {"Pistachio-Attempt", "2"},
                            {"Pistachio-Age", "0.5"},
                            {"Content-Type", "a/b"},
                            {"Pistachio-Receipt", "R"},
                            {"Pistachio-Lease", "20"}});
  const auto& message = std::get<PolledMessages>(answer).messages.at(0);
  CHECK(message.data == "body");
  CHECK(message.id == "17");
  CHECK(message.attempt == 2);
  CHECK(message.age == 500ms);
  CHECK(message.content_type == "a/b");
  CHECK(message.receipt == "R");
  CHECK(message.lease == 20s);
  CHECK(message.endpoint == "foobar");
}

TEST_CASE("a 200 of the gem is a message without a receipt") {
  const auto answer = read(200, "body", {{"Content-Type", "text/plain"}});
  CHECK(std::get<PolledMessages>(answer).messages.at(0).receipt.empty());
}

TEST_CASE("a message of one of several endpoints says whose it is") {
  const PollWish wish{.endpoints = {"a", "b"}};
  const auto answer = read(200, "x", {{"Pistachio-Endpoint", "b"}}, wish);
  CHECK(std::get<PolledMessages>(answer).messages.at(0).endpoint == "b");
}

TEST_CASE("NDJSON is a list for who asked for several, and a message for who asked for one") {
  const std::string body =
      "{\"data\":\"1\",\"receipt\":\"R\"}\n{\"data\":\"2\",\"receipt\":\"S\"}\n";
  const PollWish several{.endpoints = {"foobar"}, .lease = 30s, .max = 10};
  const auto list = read(200, body, {{"Content-Type", "application/x-ndjson"}}, several);
  const auto& messages = std::get<PolledMessages>(list).messages;
  REQUIRE(messages.size() == 2);
  CHECK(messages[1].data == "2");
  CHECK(messages[1].receipt == "S");
  CHECK(messages[1].endpoint == "foobar");
  const auto one = read(200, body, {{"Content-Type", "application/x-ndjson"}});
  CHECK(std::get<PolledMessages>(one).messages.at(0).data == body);
}

TEST_CASE("a list that cannot be read is trouble") {
  const PollWish several{.endpoints = {"foobar"}, .lease = 30s, .max = 10};
  const auto answer = read(200, "nonsense\n", {{"Content-Type", "application/x-ndjson"}}, several);
  CHECK(std::holds_alternative<PollTrouble>(answer));
}

TEST_CASE("our 504, the gem's and a 204 are waits that ended empty") {
  CHECK(std::holds_alternative<PollEmpty>(read(504, "anything", {{"Pistachio-Wait", "30"}})));
  CHECK(std::holds_alternative<PollEmpty>(read(504, "Timeout waiting for response")));
  CHECK(std::holds_alternative<PollEmpty>(read(204)));
  const auto draining = read(504, "", {{"Pistachio-Wait", "3"}, {"Retry-After", "2"}});
  CHECK(std::get<PollEmpty>(draining).retry_after == 2s);
}

TEST_CASE("any other 504 is a proxy's") {
  CHECK(std::holds_alternative<PollCut>(read(504, "<html>Gateway Time-out</html>")));
  CHECK(std::holds_alternative<PollCut>(read(504)));
}

TEST_CASE("a 400 that names the lease is a server without leases, unless none was asked for") {
  CHECK(std::holds_alternative<PollWithoutLeases>(read(400, "unknown parameter lease")));
  CHECK(std::holds_alternative<PollRefused>(read(400, "bad name")));
  const PollWish plain{.endpoints = {"foobar"}};
  CHECK(std::holds_alternative<PollRefused>(read(400, "no lease", {}, plain)));
}

TEST_CASE("400, 401, 403 and 404 will not heal, everything else may") {
  for (const int status : {400, 401, 403, 404}) {
    CHECK(std::holds_alternative<PollRefused>(read(status)));
  }
  for (const int status : {201, 301, 302, 304, 408, 410, 418, 429, 500, 501, 502, 503, 507, 599}) {
    CHECK(std::holds_alternative<PollTrouble>(read(status)));
  }
}

TEST_CASE("trouble says how long to wait where the server does") {
  const auto answer = read(503, "", {{"Retry-After", "7"}});
  CHECK(std::get<PollTrouble>(answer).retry_after == 7s);
  const auto date = read(503, "", {{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}});
  CHECK_FALSE(std::get<PollTrouble>(date).retry_after.has_value());
}

TEST_CASE("the reason of an error is its detail, without anything a terminal would obey") {
  const auto problem = [](const std::string& detail) {
    return error_text({400,
                       "{\"title\":\"Bad\",\"detail\":\"" + detail + "\"}",
                       {{"Content-Type", "application/problem+json"}}});
  };
  CHECK(problem("no such name") == "the server answered 400: no such name");
  CHECK(problem("a\\u001b[31mb") == "the server answered 400: a [31mb");
  CHECK(error_text({500, "oops\nstack", {{"Content-Type", "text/plain"}}}) ==
        "the server answered 500: oops");
  CHECK(error_text({500, "<html>", {{"Content-Type", "text/html"}}}) == "the server answered 500");
}
