#include "tests/support/server_house.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "tests/support/catch.h"

namespace pistachio::test {

ServerHouse::ServerHouse(ApiOptions options, http::ServerOptions server_options,
                         StoreOptions store_options)
    : store(store_options),
      front(store),
      api(loop, front, std::move(options), server_options, BrokerOptions{}) {
  const auto bound = api.server().listen(http::ListenAddress::parse("127.0.0.1:0").value());
  REQUIRE(bound.has_value());
  port_ =
      static_cast<std::uint16_t>(std::stoi(bound->front().substr(bound->front().rfind(':') + 1)));
}

ServerHouse::~ServerHouse() {
  api.server().close_all();
  loop.drain_handles();
  if (!directory_.empty()) rmdir(directory_.c_str());
}

std::unique_ptr<RawClient> ServerHouse::client() {
  return std::make_unique<RawClient>(port_, [this] { turn(); });
}

std::unique_ptr<RawClient> ServerHouse::unix_client() {
  if (directory_.empty()) {
    const char* const root = std::getenv("TMPDIR");
    directory_ = std::string(root != nullptr ? root : "/tmp") + "/pistachio-test-XXXXXX";
    REQUIRE(mkdtemp(directory_.data()) != nullptr);
    const auto bound =
        api.server().listen(http::ListenAddress::parse("unix:" + directory_ + "/socket").value());
    REQUIRE(bound.has_value());
  }
  return std::make_unique<RawClient>(directory_ + "/socket", [this] { turn(); });
}

bool ServerHouse::turn_until(const std::function<bool()>& done, Duration limit) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= give_up) return false;
    turn();
  }
  return true;
}

void ServerHouse::push(const std::string& endpoint, const std::string& body) {
  const Answer answer = ask(post_request("/messages/" + endpoint, body));
  INFO(answer.head << answer.body);
  REQUIRE(answer.status == 201);
}

Answer ServerHouse::ask(const std::string& request) { return client()->ask(request); }

Answer ServerHouse::get(const std::string& target) { return ask(get_request(target)); }

std::size_t ServerHouse::waiting(const std::string& endpoint) const {
  return const_cast<Api&>(api).broker().waiting(EndpointName::parse(endpoint).value());
}

EndpointCounts ServerHouse::counts(const std::string& endpoint) {
  EndpointCounts found;
  bool done = false;
  store.counts(EndpointName::parse(endpoint).value(), [&](Expected<EndpointCounts> counts) {
    found = counts.value();
    done = true;
  });
  REQUIRE(turn_until([&] { return done; }));
  return found;
}

bool ServerHouse::back_in_queue(const std::string& endpoint, std::size_t messages) {
  return turn_until([&] { return counts(endpoint).queued == messages; });
}

std::string get_request(const std::string& target, const std::string& fields) {
  return "GET " + target + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n";
}

std::string post_request(const std::string& target, const std::string& body,
                         const std::string& fields) {
  return "POST " + target +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         fields + "\r\n" + body;
}

}  // namespace pistachio::test
