// What a page of another origin is told (PROTOCOL section 8, the Fetch standard's CORS protocol).

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;

namespace {

const std::string kFriend = "https://friend.example";
const std::string kFromFriend = "Origin: https://friend.example\r\n";
const std::string kFromStranger = "Origin: https://stranger.example\r\n";

ApiOptions with_origins(std::vector<std::string> origins) {
  ApiOptions options;
  options.cors_origins = std::move(origins);
  options.max_message_size = 100;
  return options;
}

// One request for each kind of answer, with the status that it gets.
std::vector<std::pair<int, std::string>> requests_from(const std::string& fields) {
  const std::string chunked = fields + "Transfer-Encoding: chunked\r\n";
  return {
      {201, post_request("/messages/a", "one", fields)},
      {200, get_request("/messages/a", fields)},
      {504, get_request("/messages/a?wait=0", fields)},
      {204, get_request("/messages/a?wait=0&empty=204", fields)},
      {400, get_request("/messages/a?leese=1", fields)},
      {404, get_request("/nothing", fields)},
      {405, "PUT /messages/a HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n"},
      {410, "DELETE /messages/a/none HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n"},
      {413, post_request("/messages/a", std::string(101, 'x'), fields)},
      {413, "POST /messages/a HTTP/1.1\r\nHost: test\r\nContent-Length: 101\r\n" + fields + "\r\n"},
      {413, "POST /messages/a HTTP/1.1\r\nHost: test\r\n" + chunked + "\r\n65\r\n"},
      {400, "POST /messages/a HTTP/1.1\r\nHost: test\r\n" + chunked + "\r\nno size\r\n"},
      {200, get_request("/healthz", fields)},
      // Heads that cannot be read: their Origin is looked for all the same.
      {400, "GET /messages/a HTTP/1.1\r\n" + fields + "\r\n"},
      {417, get_request("/messages/a", "Expect: much\r\n" + fields)},
      {414, get_request("/messages/a?ack=" + std::string(9000, 'x'), fields)},
      {431, get_request("/messages/a", fields + "X: " + std::string(9000, 'x') + "\r\n")},
      {505, "GET /messages/a HTTP/2.0\r\nHost: test\r\n" + fields + "\r\n"},
      {204, "OPTIONS /messages/a HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n"},
  };
}

Answer preflight(ServerHouse& house, const std::string& fields) {
  return house.ask("OPTIONS /messages/a HTTP/1.1\r\nHost: test\r\n" + fields +
                   "Access-Control-Request-Method: POST\r\n"
                   "Access-Control-Request-Headers: idempotency-key\r\n\r\n");
}

}  // namespace

TEST_CASE("every answer to an allowed origin, errors and 504 included, carries the CORS fields") {
  ServerHouse house(with_origins({"https://other.example", kFriend}));
  for (const auto& [status, request] : requests_from(kFromFriend)) {
    INFO(request);
    const Answer answer = house.ask(request);
    CHECK(answer.status == status);
    CHECK(answer.field("Access-Control-Allow-Origin") == kFriend);
    CHECK(answer.field("Vary") == "Origin");
    const std::string exposed = answer.field("Access-Control-Expose-Headers").value_or("");
    for (const std::string name :
         {"Pistachio-Id", "Pistachio-Attempt", "Pistachio-Age", "Pistachio-Endpoint",
          "Pistachio-Receipt", "Pistachio-Lease", "Pistachio-Gone", "Pistachio-Wait",
          "Pistachio-Queued", "Pistachio-Waiting", "Retry-After", "Idempotency-Replayed",
          "Preference-Applied"}) {
      INFO(name);
      CHECK((", " + exposed + ",").find(", " + name + ",") != std::string::npos);
    }
  }
}

TEST_CASE("no answer to another origin or to none says that anybody is allowed") {
  ServerHouse house(with_origins({kFriend}));
  for (const std::string& fields : {kFromStranger, std::string(), std::string("Origin: null\r\n"),
                                    std::string("Origin: https://friend.example.evil.example\r\n"),
                                    std::string("Origin: http://friend.example\r\n")}) {
    for (const auto& [status, request] : requests_from(fields)) {
      INFO(request);
      const Answer answer = house.ask(request);
      CHECK(answer.status == status);
      CHECK(answer.field("Access-Control-Allow-Origin") == std::nullopt);
      CHECK(answer.field("Vary") == "Origin");
    }
  }
}

TEST_CASE("without allowed origins no answer mentions them") {
  ServerHouse house(with_origins({}));
  for (const auto& [status, request] : requests_from(kFromFriend)) {
    INFO(request);
    const Answer answer = house.ask(request);
    CHECK(answer.status == status);
    CHECK(answer.head.find("Access-Control-") == std::string::npos);
    CHECK(answer.field("Vary") == std::nullopt);
  }
}

TEST_CASE("with * every origin is allowed, and told so as *") {
  ServerHouse house(with_origins({"*"}));
  for (const auto& [status, request] : requests_from(kFromStranger)) {
    INFO(request);
    const Answer answer = house.ask(request);
    CHECK(answer.status == status);
    CHECK(answer.field("Access-Control-Allow-Origin") == "*");
  }
}

TEST_CASE("a preflight of an allowed origin is told our methods and fields for a day") {
  ServerHouse house(with_origins({kFriend}));
  const Answer answer = preflight(house, kFromFriend);
  CHECK(answer.status == 204);
  CHECK(answer.field("Access-Control-Allow-Origin") == kFriend);
  CHECK(answer.field("Access-Control-Allow-Methods") == "GET, HEAD, POST, PATCH, DELETE");
  CHECK(answer.field("Access-Control-Allow-Headers") ==
        "Authorization, Content-Type, Idempotency-Key, Prefer");
  CHECK(answer.field("Access-Control-Max-Age") == "86400");
}

TEST_CASE("a preflight of another origin is answered without any permission") {
  ServerHouse house(with_origins({kFriend}));
  const Answer answer = preflight(house, kFromStranger);
  CHECK(answer.status == 204);
  CHECK(answer.head.find("Access-Control-") == std::string::npos);
}

TEST_CASE("the answer to one origin does not carry what the one before on its connection got") {
  ServerHouse house(with_origins({kFriend}));
  const auto client = house.client();
  CHECK(client->ask(get_request("/messages/a?wait=0", kFromFriend))
            .field("Access-Control-Allow-Origin") == kFriend);
  CHECK(client->ask(get_request("/messages/a?wait=0", kFromStranger))
            .field("Access-Control-Allow-Origin") == std::nullopt);
  CHECK(client->ask("nonsense\r\n\r\n").field("Access-Control-Allow-Origin") == std::nullopt);
}
