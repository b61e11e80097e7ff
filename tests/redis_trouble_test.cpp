// What Redis says when it cannot: each of its words is understood, what was asked meanwhile is not
// lost, and delivery goes on by itself when it can again.

#include "tests/support/redis_trouble.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/file_rig.h"
#include "tests/support/redis_house.h"

using namespace pistachio;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

namespace {

// A place where whoever connects is told `words` and left, as Redis does in protected mode.
class Doorkeeper {
 public:
  explicit Doorkeeper(std::string words) : words_(std::move(words)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof(address.sun_path) - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    thread_ = std::thread([this] {
      for (int guest; (guest = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(guest)) {
        static_cast<void>(::send(guest, words_.data(), words_.size(), MSG_NOSIGNAL));
      }
    });
  }
  ~Doorkeeper() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string path() const { return directory_.path() + "/redis.sock"; }

 private:
  TemporaryDirectory directory_;
  const std::string words_;
  int listener_ = -1;
  std::thread thread_;
};

RedisStore::Options options() {
  RedisStore::Options given;
  given.name_space = "test";
  return given;
}

// Asks all that a server asks while nothing can be done: the push is refused, and tells why; the
// claim finds nothing, so that its poll waits on.
Error refused_push(RedisHouse& house) {
  Store& store = house.first.store();
  std::optional<Error> refused;
  store.push(StoreDriver::push_of("b", "refused"),
             [&](const Expected<Pushed>& result) { refused = result.error(); });
  std::optional<std::size_t> claimed;
  store.claim({.endpoint = endpoint("a")},
              [&](const Expected<Claimed>& result) { claimed = result.value().messages.size(); });
  REQUIRE(house.first.rig().turn_until([&] { return refused && claimed; }));
  CHECK(refused->code == Errc::unavailable);
  CHECK(*claimed == 0);
  return *refused;
}

}  // namespace

TEST_CASE("while somebody's script holds Redis up nothing is lost, and it goes on after it") {
  if (!RedisServer::is_installed()) return;
  RedisServer server({"--busy-reply-threshold", "1"});
  RedisHouse house(options(), server);
  house.first.push("a", "settled", {.more = {"returned", "queued"}});
  const auto settled = house.first.take("a");
  const auto returned = house.first.take("a");
  house.first_rig().let_time_run();
  std::thread busy([&server] { server.ask({"EVAL", "while true do end", "0"}); });
  REQUIRE(house.first.rig().turn_until([&] { return says(server.ask({"PING"}), "BUSY"); }));

  house.first.store().settle(endpoint("a"), settled.receipt);
  house.first.store().give_back(endpoint("a"), returned.receipt, {}, {});
  CHECK(says(refused_push(house).message, "busy with somebody's script"));
  until_lost(house);
  CHECK(says(house.first.store().health()->message, "BUSY"));
  server.ask({"SCRIPT", "KILL"});
  busy.join();
  until_back(house);
  CHECK(house.first_redis().has_doorbell());
  REQUIRE(house.first.rig().turn_until([&] { return house.first_redis().is_idle(); }));
  CHECK(house.first.drain("a") == Texts{"returned", "queued"});
  CHECK(server.ask({"KEYS", "*"}).empty());
}

TEST_CASE("a Redis that loads its data is waited for, at the start and when it comes back") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(options(), server);
  house.first.push("a", "1");
  server.ask({"DEBUG", "POPULATE", "3000"});
  REQUIRE(server.ask({"SAVE"}) == "OK");
  server.kill();
  until_lost(house);
  // Half a millisecond for each key, with a look at its connections after each.
  server.start_loading(
      {"--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024"});
  REQUIRE(says(server.ask({"PING"}), "LOADING"));
  house.first_rig().let_time_run();
  REQUIRE(house.first.rig().turn_until(
      [&] { return says(house.first.store().health()->message, "still loading its data"); }));
  refused_push(house);
  CHECK(trouble_of(server.url()).empty());  // it took its time
  until_back(house);
  CHECK(house.first.drain("a") == Texts{"1"});
}

TEST_CASE("a replica that has lost its master and says so is as good as not there") {
  if (!RedisServer::is_installed()) return;
  RedisServer server({"--replica-serve-stale-data", "no"});
  RedisHouse house(options(), server);
  house.first.push("a", "1", {.more = {"2"}});
  const auto settled = house.first.take("a");
  server.ask({"REPLICAOF", "127.0.0.1", "1"});
  REQUIRE(says(server.ask({"LLEN", "test:a"}), "MASTERDOWN"));
  house.first.store().settle(endpoint("a"), settled.receipt);
  refused_push(house);
  until_lost(house);
  CHECK(says(house.first.store().health()->message, "replica"));
  CHECK(says(trouble_of(server.url()), "replica"));
  server.ask({"REPLICAOF", "NO", "ONE"});
  until_back(house);
  REQUIRE(house.first.rig().turn_until([&] { return house.first_redis().is_idle(); }));
  CHECK(house.first.drain("a") == Texts{"2"});
  CHECK(server.ask({"KEYS", "*"}).empty());
}

TEST_CASE("a Redis in protected mode, or with too many connections, is refused with what it says") {
  const Doorkeeper guarded(
      "-DENIED Redis is running in protected mode because protected mode is enabled\r\n");
  CHECK(says(trouble_of("redis+unix://" + guarded.path()), "protected mode"));
  const Doorkeeper full("-ERR max number of clients reached\r\n");
  CHECK(says(trouble_of("redis+unix://" + full.path()), "maxclients"));
}

TEST_CASE("a Redis that cannot write its snapshot takes no pushes until it can") {
  if (!RedisServer::is_installed()) return;
  RedisServer server({"--dir", "/proc"});  // where nobody can write
  RedisHouse house(options(), server);
  house.first.push("a", "1");
  server.ask({"CONFIG", "SET", "save", "3600 1"});
  house.first_rig().let_time_run();
  server.ask({"BGSAVE"});
  REQUIRE(house.first.rig().turn_until([&] {
    return says(server.ask({"INFO", "persistence"}), "rdb_last_bgsave_status:err");
  }));
  std::optional<Error> refused;
  house.first.store().push(StoreDriver::push_of("a", "2"),
                           [&](const Expected<Pushed>& result) { refused = result.error(); });
  REQUIRE(house.first.rig().turn_until([&] { return refused.has_value(); }));
  CHECK(refused->code == Errc::storage_full);
  CHECK(says(refused->message, "snapshot"));
  CHECK_FALSE(house.first.store().health().has_value());
  server.ask({"CONFIG", "SET", "stop-writes-on-bgsave-error", "no"});
  CHECK(house.first.drain("a") == Texts{"1"});
}

TEST_CASE(
    "of two thousand claims at once each is answered in turn, also when Redis dies meanwhile") {
  if (!RedisServer::is_installed()) return;
  RedisServer server;
  RedisHouse house(options(), server);
  house.first.push("a", "first", {.more = Texts(999, "x")});
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < 2000; ++i) {
    house.first.store().claim({.endpoint = endpoint("a")}, [&](const Expected<Claimed>& result) {
      const auto& messages = result.value().messages;
      CHECK((found.size() > 0 || messages.front().message.body == "first"));
      found.push_back(messages.size());
    });
  }
  SECTION("none dies") {
    REQUIRE(house.first.rig().turn_until([&] { return found.size() == 2000; }));
    CHECK(std::vector<std::size_t>(found.begin(), found.begin() + 1000) ==
          std::vector<std::size_t>(1000, 1));
    CHECK(std::vector<std::size_t>(found.begin() + 1000, found.end()) ==
          std::vector<std::size_t>(1000, 0));
  }
  SECTION("it dies") {
    REQUIRE(house.first.rig().turn_until([&] { return found.size() > 600; }));
    server.kill();
    REQUIRE(house.first.rig().turn_until([&] { return found.size() == 2000; }));
  }
  CHECK(house.first_redis().tied().size() <= 1000);
}
