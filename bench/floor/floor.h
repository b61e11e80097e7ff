#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/floor/intrusive_list.h"
#include "bench/floor/request.h"

namespace pistachio::bench {

/// The floor: the leanest honest server that can do the job, to measure others by. GET
/// /messages/NAME takes the next message or waits up to 30 s for one (200 or 504), POST adds one
/// (200); first in, first out, each message to one poll. One thread, epoll without a library,
/// messages in memory; no limits, no leases, no lenience towards clients that leave: what a real
/// server costs above this is what its promises cost. A query is ignored.
class Floor {
 public:
  /// Listens on 127.0.0.1. Throws std::system_error when it cannot.
  explicit Floor(int port);
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;

  /// Serves for ever.
  void run();

 private:
  struct Endpoint;

  /// Small, since 15,000 of them wait at a time: buffers exist only while they hold something.
  struct Connection {
    int socket = -1;
    bool closing = false;  // after the answer that is being given
    bool watching_writable = false;
    bool dead = false;
    Endpoint* waits_for = nullptr;
    Links<Connection> at_endpoint{};
    Links<Connection> by_deadline{};
    std::int64_t deadline_ms = 0;
    std::unique_ptr<std::string> input{};   // a request of which more must come, or its successor
    std::unique_ptr<std::string> output{};  // what the socket did not take
  };
  struct Endpoint {
    IntrusiveList<Connection, &Connection::at_endpoint> waiting;
    std::deque<std::string> messages;
  };

  void accept_some();
  void read(Connection& connection);
  void serve_pipelined(Connection& connection);
  std::size_t serve_whole_requests(Connection& connection, std::string_view bytes);
  void serve(Connection& connection, const Request& request);
  void poll(Connection& connection, Endpoint& endpoint);
  void push(Connection& connection, Endpoint& endpoint, std::string_view message);
  void time_out();

  void park(Connection& connection, Endpoint& endpoint);
  void unpark(Connection& connection);
  bool deliver(Connection& connection, std::string_view message);
  void answer(Connection& connection, const char* status);
  bool send(Connection& connection, std::string_view bytes);
  void flush(Connection& connection);
  void watch(Connection& connection, bool writable);
  void close(Connection& connection);
  void bury();
  int milliseconds_to_deadline() const;
  void look_at_clock();

  int epoll_;
  int listener_;
  std::int64_t now_ms_ = 0;
  std::unordered_map<std::string, Endpoint> endpoints_;
  IntrusiveList<Connection, &Connection::by_deadline> by_deadline_;  // all waits are equally long
  std::vector<Connection*> dead_;  // until the turn ends: its events may still name them
  std::vector<char> received_;
  std::string name_;    // of an endpoint, reused so that a lookup allocates nothing
  std::string answer_;  // being put together, reused likewise
};

}  // namespace pistachio::bench
