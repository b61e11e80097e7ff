#include "tests/support/fake_queue.h"

#include <utility>

#include "core/envelope.h"
#include "core/seconds.h"

namespace pistachio::test {

FakeQueue::FakeQueue(bool knows_leases)
    : knows_leases_(knows_leases),
      server_([this](const FakeRequest& request, FakePeer& peer) { serve(request, peer); }, false,
              [this](int connection, bool acknowledged) { ended(connection, acknowledged); }) {}

void FakeQueue::push(const std::string& body, int attempt) {
  const std::lock_guard lock(mutex_);
  story_.queued.push_back({body, attempt});
  changed_.notify_all();
}

FakeQueue::Story FakeQueue::story() const {
  const std::lock_guard lock(mutex_);
  return story_;
}

bool FakeQueue::wait_for(const std::function<bool(const Story&)>& enough) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return enough(story_); });
}

void FakeQueue::settle(const std::string& receipt) {
  const auto at = story_.leased.find(receipt);
  if (at == story_.leased.end()) return;
  story_.settled.push_back(at->second.body);
  story_.leased.erase(at);
  changed_.notify_all();
}

void FakeQueue::ended(int connection, bool acknowledged) {
  const std::lock_guard lock(mutex_);
  auto receipts = std::exchange(last_answer_[connection], {});
  for (auto at = receipts.rbegin(); !acknowledged && at != receipts.rend(); ++at) {
    const auto leased = story_.leased.find(*at);
    if (leased == story_.leased.end()) continue;
    story_.queued.push_front(leased->second);
    story_.leased.erase(leased);
  }
  changed_.notify_all();
}

void FakeQueue::serve(const FakeRequest& request, FakePeer& peer) {
  if (request.method == "GET") return poll(request, peer);
  const std::string path = request.path();
  const std::string receipt = path.substr(path.rfind('/') + 1);
  const std::lock_guard lock(mutex_);
  const auto at = story_.leased.find(receipt);
  if (at == story_.leased.end()) return peer.answer(410);
  if (request.method == "DELETE") {
    settle(receipt);
  } else if (!request.query("lease").empty()) {
    ++story_.renewals;
  } else {
    const Message message = at->second;
    story_.leased.erase(at);
    if (!request.query("release").empty()) {
      story_.released.push_back(message.body);
      story_.queued.push_front(message);
    } else if (!request.query("retry").empty()) {
      story_.retried.push_back(message.body + " " + request.query("retry"));
    } else {
      story_.dead.push_back(message.body);
    }
  }
  changed_.notify_all();
  peer.answer(204);
}

void FakeQueue::poll(const FakeRequest& request, FakePeer& peer) {
  const bool leased = knows_leases_ && !request.query("lease").empty();
  const std::string max = request.query("max");
  const std::size_t most = knows_leases_ && !max.empty() ? std::stoul(max) : 1;
  const std::string wait = request.query("wait");
  const auto end =
      std::chrono::steady_clock::now() + parse_seconds(wait).value_or(std::chrono::seconds(30));
  std::unique_lock lock(mutex_);
  last_answer_[request.connection].clear();
  for (std::string acks = request.query("ack"); !acks.empty();) {
    const auto comma = std::min(acks.find(','), acks.size());
    settle(acks.substr(0, comma));
    acks.erase(0, comma + 1);
  }
  ++story_.parked;
  changed_.notify_all();
  while (story_.queued.empty() && std::chrono::steady_clock::now() < end) {
    changed_.wait_for(lock, Duration(5));
    if (peer.wait_until_gone(Duration::zero())) {
      --story_.parked;
      changed_.notify_all();
      peer.close();
      return;
    }
  }
  --story_.parked;
  changed_.notify_all();
  if (story_.queued.empty()) {
    return peer.answer(504, knows_leases_ ? "Pistachio-Wait: 1\r\n" : "",
                       "Timeout waiting for response");
  }
  std::string lines;
  for (std::size_t given = 0; given < most && !story_.queued.empty(); ++given) {
    const Message message = story_.queued.front();
    story_.queued.pop_front();
    const std::string id = std::to_string(next_++);
    const std::string receipt = std::string(22 - id.size(), 'r') + id;
    if (leased) {
      story_.leased[receipt] = message;
      last_answer_[request.connection].push_back(receipt);
    }
    if (most == 1) {
      std::string fields = "Content-Type: " + message.content_type + "\r\n";
      if (knows_leases_) {
        fields += "Pistachio-Id: " + id +
                  "\r\nPistachio-Attempt: " + std::to_string(message.attempt) +
                  "\r\nPistachio-Age: 0.25\r\n";
      }
      if (leased) {
        fields += "Pistachio-Receipt: " + receipt +
                  "\r\nPistachio-Lease: " + request.query("lease") + "\r\n";
      }
      return peer.answer(200, fields, message.body);
    }
    lines += "{\"id\":\"" + id + "\",\"attempt\":1,\"data_base64\":\"" + base64(message.body) +
             "\",\"receipt\":\"" + receipt + "\",\"lease\":" + request.query("lease") + "}\n";
  }
  peer.answer(200, "Content-Type: application/x-ndjson\r\n", lines);
}

}  // namespace pistachio::test
