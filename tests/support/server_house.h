#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/api/api.h"
#include "core/loop.h"
#include "core/store/local_store.h"
#include "tests/support/failing_store.h"
#include "tests/support/raw_client.h"

namespace pistachio::test {

/// A whole server in memory on a free port, turned by hand on the test's own thread: nothing
/// happens unless a client of it waits or turn() is called, and nothing is waited for but what can
/// be observed.
class ServerHouse {
 public:
  explicit ServerHouse(ApiOptions options = {}, http::ServerOptions server_options = {},
                       StoreOptions store_options = {});
  ~ServerHouse();

  std::uint16_t port() const { return port_; }
  std::unique_ptr<RawClient> client();
  /// Over a unix socket in a temporary directory, which is listened on from the first call.
  std::unique_ptr<RawClient> unix_client();

  void turn() { loop.turn(Loop::Wait::no); }
  /// Turns until `done`, for `limit` of real time at the most; returns whether it came true.
  bool turn_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(20));

  /// A push by a connection of its own; fails the test unless it is taken.
  void push(const std::string& endpoint, const std::string& body);
  /// One request by a connection of its own.
  Answer ask(const std::string& request);
  /// GET of `target` with no further fields.
  Answer get(const std::string& target);

  std::size_t waiting(const std::string& endpoint) const;
  /// How many messages of `endpoint` are queued / leased now.
  EndpointCounts counts(const std::string& endpoint);
  /// Turns until `messages` are queued in `endpoint`; false when that does not happen.
  bool back_in_queue(const std::string& endpoint, std::size_t messages);

  Loop loop;
  LocalStore store;
  FailingStore front;  ///< what the server sees of `store`
  Api api;

 private:
  std::uint16_t port_ = 0;
  std::string directory_;
};

/// "GET /messages/… HTTP/1.1" with the Host it needs; `fields` are complete lines.
std::string get_request(const std::string& target, const std::string& fields = {});
std::string post_request(const std::string& target, const std::string& body,
                         const std::string& fields = {});

}  // namespace pistachio::test
