#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"

// A server for tests of clients: raw sockets and a script, so that it can do what no server of ours
// would: close early, send half an answer, never answer, speak nonsense.
namespace pistachio::test {

struct FakeRequest {
  std::string method;
  std::string target;  ///< path and query, as sent
  std::string head;    ///< the whole head, as sent
  std::string body;
  int connection = 0;  ///< which connection it came over, from 1

  /// The value of a header field; empty when there is none.
  std::string field(const std::string& name) const;
  /// The value of a query parameter as sent; empty when there is none.
  std::string query(const std::string& name) const;
  /// The target without its query.
  std::string path() const;
};

/// The connection a request came over.
class FakePeer {
 public:
  explicit FakePeer(int socket, const std::atomic<bool>& leaving);

  void send(const std::string& bytes);
  /// A complete answer; `fields` are whole lines, each with its CRLF.
  void answer(int status, const std::string& fields = "", const std::string& body = "");
  /// Nothing more is said: returns when the client has gone (true) or the server is destroyed.
  bool wait_until_gone();
  /// Returns after `span` (false), or as soon as the client has gone (true).
  bool wait_until_gone(Duration span);
  /// Ends the connection with FIN, or with RST.
  void close();
  void reset();
  bool closed() const { return closed_; }

 private:
  const int socket_;
  const std::atomic<bool>& leaving_;
  bool closed_ = false;
};

class FakeServer {
 public:
  /// Called for each request, on a thread of its connection; calls for different connections
  /// overlap.
  using Script = std::function<void(const FakeRequest&, FakePeer&)>;

  /// Called when a connection has ended: whether the client's kernel had acknowledged every byte
  /// that was sent.
  using AtEnd = std::function<void(int connection, bool acknowledged)>;

  /// Listens on 127.0.0.1, or on a socket file in a directory of its own.
  explicit FakeServer(Script script, bool socket_file = false, AtEnd at_end = nullptr);
  ~FakeServer();

  /// With the path /messages.
  std::string url() const;

  /// All requests so far.
  std::vector<FakeRequest> requests() const;

  /// Waits until `enough` is true of the requests so far; false when that takes more than ten
  /// seconds.
  bool wait_for(const std::function<bool(const std::vector<FakeRequest>&)>& enough) const;
  bool wait_for(std::size_t count) const;

 private:
  void accept_all();
  void serve(int socket, int number);

  const Script script_;
  const AtEnd at_end_;
  int listening_ = -1;
  std::string url_;
  std::string directory_;
  std::atomic<bool> leaving_ = false;
  std::thread acceptor_;
  mutable std::mutex mutex_;  // guards all below
  mutable std::condition_variable came_;
  std::vector<FakeRequest> requests_;
  std::vector<std::thread> threads_;
  std::vector<int> sockets_;
};

}  // namespace pistachio::test
