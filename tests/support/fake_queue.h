#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/fake_server.h"

namespace pistachio::test {

/// One endpoint with leases as the protocol has them, simple enough to be trusted: for tests that
/// ask what became of each message. A message whose answer was not acknowledged by the client's
/// kernel when the connection ended is given back, as the real server does.
class FakeQueue {
 public:
  struct Message {
    std::string body;
    int attempt = 1;
    std::string content_type = "text/plain";
  };
  /// What happened to messages so far, by body, in order.
  struct Story {
    std::deque<Message> queued;
    std::map<std::string, Message> leased;  ///< by receipt
    std::vector<std::string> settled;
    std::vector<std::string> released;
    std::vector<std::string> retried;  ///< body and the seconds that were asked for: "m 4"
    std::vector<std::string> dead;
    int renewals = 0;
    int parked = 0;  ///< polls that wait now
  };

  explicit FakeQueue(bool knows_leases = true);

  std::string url() const { return server_.url(); }
  void push(const std::string& body, int attempt = 1);

  /// A copy of what happened so far.
  Story story() const;

  /// Waits until `enough` is true; false when that takes more than ten seconds.
  bool wait_for(const std::function<bool(const Story&)>& enough) const;

 private:
  void serve(const FakeRequest& request, FakePeer& peer);
  void poll(const FakeRequest& request, FakePeer& peer);
  void settle(const std::string& receipt);
  void ended(int connection, bool acknowledged);

  const bool knows_leases_;
  mutable std::mutex mutex_;  // guards all but the server
  mutable std::condition_variable changed_;
  Story story_;
  int next_ = 1;
  std::map<int, std::vector<std::string>> last_answer_;  // receipts, by connection
  FakeServer server_;                                    // last: its threads use the others
};

}  // namespace pistachio::test
