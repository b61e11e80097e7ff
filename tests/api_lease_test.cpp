// Leases, receipts and dead letters as a client sees them (PROTOCOL sections 5 and 6).

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/server_house.h"

using namespace pistachio;
using namespace pistachio::test;

namespace {

const std::string kUnknownReceipt = "AAAAAAAAAAAAAAAAAAAAAA";

Answer ask(ServerHouse& house, const std::string& method, const std::string& target) {
  return house.ask(method + " /messages/" + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
}

// Takes one message of `endpoint` under a lease and returns its receipt.
std::string take(ServerHouse& house, const std::string& endpoint, const std::string& lease = "60") {
  const Answer answer = house.get("/messages/" + endpoint + "?lease=" + lease);
  REQUIRE(answer.status == 200);
  return answer.field("Pistachio-Receipt").value();
}

std::string attempt_of(ServerHouse& house, const std::string& endpoint) {
  return house.get("/messages/" + endpoint + "?lease=60")
      .field("Pistachio-Attempt")
      .value_or("none");
}

bool is_receipt(const std::string& text) {
  return text.size() == 22 &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
             std::string::npos;
}

}  // namespace

TEST_CASE("a leased message comes with its receipt and the lease it got") {
  ApiOptions options;
  options.max_lease = std::chrono::seconds(100);
  ServerHouse house(options);
  house.push("a", "one");
  house.push("a", "two");
  const Answer first = house.get("/messages/a?lease=2.5");
  CHECK(first.body == "one");
  CHECK(is_receipt(first.field("Pistachio-Receipt").value_or("")));
  CHECK(first.field("Pistachio-Lease") == "2.5");
  const Answer second = house.get("/messages/a?lease=101");
  CHECK(second.field("Pistachio-Lease") == "100");
  CHECK(second.field("Pistachio-Receipt") != first.field("Pistachio-Receipt"));
  house.push("a", "three");
  const Answer plain = house.get("/messages/a");
  CHECK(plain.field("Pistachio-Receipt") == std::nullopt);
  CHECK(plain.field("Pistachio-Lease") == std::nullopt);
}

TEST_CASE("several leased messages carry a receipt each in their lines") {
  ServerHouse house;
  house.push("a", "one");
  house.push("a", "two");
  const Answer answer = house.get("/messages/a?lease=60&max=200");
  CHECK(answer.field("Pistachio-Lease") == "60");
  std::vector<std::string> receipts;
  const std::string key = "\"receipt\":\"";
  for (auto at = answer.body.find(key); at != std::string::npos;
       at = answer.body.find(key, at + 1)) {
    receipts.push_back(answer.body.substr(at + key.size(), 22));
  }
  REQUIRE(receipts.size() == 2);
  CHECK(answer.body.find("\"lease\":60}\n") != std::string::npos);
  for (const std::string& receipt : receipts)
    CHECK(ask(house, "DELETE", "a/" + receipt).status == 204);
  CHECK(house.store.totals().settled == 2);
}

TEST_CASE("a receipt settles its message once, and is gone the second time") {
  ServerHouse house;
  house.push("a", "one");
  const std::string receipt = take(house, "a");
  const Answer settled = ask(house, "DELETE", "a/" + receipt);
  CHECK(settled.status == 204);
  CHECK(settled.body.empty());
  CHECK(settled.field("Content-Length") == std::nullopt);
  CHECK(house.store.totals().settled == 1);
  const Answer again = ask(house, "DELETE", "a/" + receipt);
  CHECK(again.status == 410);
  CHECK(again.field("Content-Type") == "application/problem+json");
}

TEST_CASE("a receipt that holds no message of the endpoint in its path is gone") {
  ServerHouse house;
  house.push("a", "one");
  const std::string receipt = take(house, "a");
  for (const std::string& target : {"b/" + receipt, "a/" + kUnknownReceipt, std::string("a/short"),
                                    std::string("a/"), "a/" + receipt + "A"}) {
    INFO(target);
    CHECK(ask(house, "DELETE", target).status == 410);
    CHECK(ask(house, "PATCH", target + "?release=1").status == 410);
  }
  CHECK(ask(house, "DELETE", "a,b/" + receipt).status == 400);
  CHECK(ask(house, "DELETE", "a/" + receipt + "?id=1").status == 400);
  CHECK(ask(house, "DELETE", "a/" + receipt).status == 204);
}

TEST_CASE("a poll with ack= settles those receipts and takes the next message in one round") {
  ServerHouse house;
  house.push("a", "one");
  house.push("a", "two");
  const std::string receipt = take(house, "a");
  const Answer next = house.get("/messages/a?lease=60&ack=" + receipt);
  CHECK(next.body == "two");
  CHECK(next.field("Pistachio-Gone") == std::nullopt);
  CHECK(house.store.totals().settled == 1);
  CHECK(ask(house, "DELETE", "a/" + receipt).status == 410);
}

TEST_CASE("ack= lists the receipts that no longer held their message, whatever the poll came to") {
  ServerHouse house;
  house.push("a", "one");
  const std::string good = take(house, "a");
  const std::string ack = "ack=" + good + "," + kUnknownReceipt;
  const Answer empty = house.get("/messages/a?wait=0.01&" + ack);
  CHECK(empty.status == 504);
  CHECK(empty.field("Pistachio-Gone") == kUnknownReceipt);
  CHECK(house.store.totals().settled == 1);
  house.push("a", "two");
  const Answer full = house.get("/messages/a?" + ack);
  CHECK(full.body == "two");
  CHECK(full.field("Pistachio-Gone") == good + "," + kUnknownReceipt);
  CHECK(house.get("/messages/a?wait=0&empty=204").field("Pistachio-Gone") == std::nullopt);
}

TEST_CASE("ack= settles messages of any of the endpoints named, and of no other") {
  ServerHouse house;
  for (const std::string endpoint : {"a", "b", "c"}) house.push(endpoint, endpoint);
  const std::string a = take(house, "a");
  const std::string b = take(house, "b");
  const std::string c = take(house, "c");
  const Answer answer = house.get("/messages/a,b?wait=0&ack=" + c + "," + b + "," + a);
  CHECK(answer.field("Pistachio-Gone") == c);
  CHECK(house.store.totals().settled == 2);
  CHECK(ask(house, "DELETE", "c/" + c).status == 204);
}

TEST_CASE("ack= takes 200 receipts and not one more") {
  ServerHouse house;
  std::string receipts = kUnknownReceipt;
  for (int i = 1; i < 200; ++i) receipts += "," + kUnknownReceipt;
  CHECK(house.get("/messages/a?wait=0&ack=" + receipts).status == 504);
  CHECK(house.get("/messages/a?wait=0&ack=" + receipts + "," + kUnknownReceipt).status == 400);
}

TEST_CASE("PATCH lease= counts the lease from now, cut to the longest allowed") {
  ApiOptions options;
  options.max_lease = std::chrono::milliseconds(60);
  ServerHouse house(options);
  house.push("a", "one");
  const std::string receipt = take(house, "a", "0.05");
  CHECK(ask(house, "PATCH", "a/" + receipt + "?lease=3600").status == 204);
  CHECK(house.counts("a").leased == 1);
  const Answer again = house.get("/messages/a?wait=20");
  CHECK(again.field("Pistachio-Attempt") == "2");
  CHECK(ask(house, "PATCH", "a/" + receipt + "?lease=1").status == 410);
}

TEST_CASE("PATCH lease= can shorten a lease") {
  ServerHouse house;
  house.push("a", "one");
  const std::string receipt = take(house, "a", "3600");
  CHECK(ask(house, "PATCH", "a/" + receipt + "?lease=0.01").status == 204);
  CHECK(house.get("/messages/a").body == "one");
}

TEST_CASE("PATCH release=1 gives a message back at once, first in line and not counted") {
  ServerHouse house;
  house.push("a", "one");
  house.push("a", "two");
  const std::string receipt = take(house, "a");
  const Answer released = ask(house, "PATCH", "a/" + receipt + "?release=1");
  CHECK(released.status == 204);
  CHECK(released.body.empty());
  const Answer again = house.get("/messages/a?lease=60");
  CHECK(again.body == "one");
  CHECK(again.field("Pistachio-Attempt") == "1");
  CHECK(again.field("Pistachio-Id") == "1");
  CHECK(again.field("Pistachio-Receipt") != receipt);
  CHECK(ask(house, "DELETE", "a/" + receipt).status == 410);
}

TEST_CASE("PATCH retry= hides a message for that long, then gives it back in order and counted") {
  ServerHouse house;
  house.push("a", "one");
  house.push("a", "two");
  const std::string receipt = take(house, "a");
  CHECK(ask(house, "PATCH", "a/" + receipt + "?retry=60").status == 204);
  CHECK(house.counts("a").delayed == 1);
  CHECK(ask(house, "PATCH", "a/" + receipt + "?lease=60").status == 410);
  CHECK(house.get("/messages/a?wait=0").body == "two");
  house.push("b", "one");
  const std::string soon = take(house, "b");
  CHECK(ask(house, "PATCH", "b/" + soon + "?retry=0.01").status == 204);
  house.push("b", "two");
  CHECK(house.turn_until([&] { return house.counts("b").queued == 2; }));
  const Answer again = house.get("/messages/b");
  CHECK(again.body == "one");
  CHECK(again.field("Pistachio-Attempt") == "2");
}

TEST_CASE("PATCH retry=0 gives a message back at once") {
  ServerHouse house;
  house.push("a", "one");
  CHECK(ask(house, "PATCH", "a/" + take(house, "a") + "?retry=0").status == 204);
  CHECK(house.counts("a").queued == 1);
  CHECK(attempt_of(house, "a") == "2");
}

TEST_CASE("PATCH dead=1 makes a message a dead letter, whatever the server counts") {
  ServerHouse house;
  house.push("a", "one");
  CHECK(ask(house, "PATCH", "a/" + take(house, "a") + "?dead=1").status == 204);
  CHECK(house.counts("a").queued == 0);
  const Answer letter = house.get("/messages/a.dead?lease=60");
  CHECK(letter.body == "one");
  CHECK(letter.field("Pistachio-Id") == "1");
  CHECK(letter.field("Pistachio-Attempt") == "2");
}

TEST_CASE("a PATCH takes exactly one wish, well formed, else it changes nothing") {
  ServerHouse house;
  house.push("a", "one");
  const std::string receipt = take(house, "a");
  for (const std::string query : {"", "?_=1", "?lease=1&release=1", "?retry=1&dead=1", "?lease=0",
                                  "?lease=-1", "?lease=", "?release=0", "?release=", "?dead=true",
                                  "?retry=x", "?ttl=1", "?lease=1&lease=1"}) {
    INFO(query);
    CHECK(ask(house, "PATCH", "a/" + receipt + query).status == 400);
    CHECK(house.counts("a").leased == 1);
  }
  CHECK(ask(house, "PATCH", "a/" + receipt + "?_=1&release=1").status == 204);
}

TEST_CASE("a lease that ends gives its message to a poll that waits, counted") {
  ServerHouse house;
  house.push("a", "one");
  const std::string receipt = take(house, "a", "0.03");
  const Answer again = house.get("/messages/a");
  CHECK(again.body == "one");
  CHECK(again.field("Pistachio-Attempt") == "2");
  CHECK(ask(house, "DELETE", "a/" + receipt).status == 410);
}

TEST_CASE("a message that was counted max_attempts times becomes a dead letter with its attempts") {
  ServerHouse house({}, {}, {.max_attempts = 2});
  house.push("a", "one");
  CHECK(ask(house, "PATCH", "a/" + take(house, "a") + "?retry=0").status == 204);
  CHECK(ask(house, "PATCH", "a/" + take(house, "a") + "?release=1").status == 204);
  CHECK(house.counts("a").queued == 1);
  CHECK(ask(house, "PATCH", "a/" + take(house, "a") + "?retry=60").status == 204);
  CHECK(house.counts("a").delayed == 0);
  const Answer peeked = house.get("/messages/a.dead?peek=1");
  CHECK(peeked.body.find("\"id\":\"1\"") != std::string::npos);
  CHECK(peeked.body.find("\"attempt\":2,") != std::string::npos);
  take(house, "a.dead", "0.01");
  CHECK(house.turn_until([&] { return house.counts("a.dead").queued == 1; }));
}

TEST_CASE("a redrive brings all dead letters back in order, with their ids and no attempts") {
  ServerHouse house;
  for (const std::string body : {"one", "two"}) {
    house.push("a", body);
    CHECK(ask(house, "PATCH", "a/" + take(house, "a") + "?dead=1").status == 204);
  }
  house.push("a", "newer");
  const Answer moved = house.ask(post_request("/messages/a.dead?redrive=1", ""));
  CHECK(moved.status == 200);
  CHECK(moved.field("Content-Type") == "application/json");
  CHECK(moved.body == "{\"moved\":2}\n");
  std::string order;
  for (int i = 0; i < 3; ++i) {
    const Answer answer = house.get("/messages/a?lease=60");
    order += answer.body + answer.field("Pistachio-Id").value_or("?") + " ";
    CHECK(answer.field("Pistachio-Attempt") == "1");
  }
  CHECK(order == "newer3 one1 two2 ");
}
