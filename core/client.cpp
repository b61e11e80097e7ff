#include "core/client.h"

#include "core/seconds.h"

namespace pistachio {
namespace {

// Builds "?a=1&b=2". Values are encoded by the caller where they need it.
class Query {
 public:
  explicit Query(std::string& target) : target_(target) {}
  void add(std::string_view name, std::string_view value) {
    target_ += first_ ? '?' : '&';
    first_ = false;
    target_.append(name) += '=';
    target_.append(value);
  }

 private:
  std::string& target_;
  bool first_ = true;
};

// Receipts are the server's, and NDJSON could bring any byte in one.
std::string encoded_and_joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += ',';
    append_percent_encoded(part, out);
  }
  return out;
}

}  // namespace

Client::Client(ClientUrl url, LinkOptions options, ExchangeWatch& watch)
    : link_(std::move(url), std::move(options), watch) {}

Client::Answered Client::poll(const PollWish& wish, Deadline deadline) {
  HttpRequest request;
  request.waits = true;
  request.target = target(encoded_and_joined(wish.endpoints));
  Query query(request.target);
  query.add("wait", format_seconds(wish.wait));
  if (wish.lease) query.add("lease", format_seconds(*wish.lease));
  if (wish.max > 1) query.add("max", std::to_string(wish.max));
  if (!wish.ack.empty()) query.add("ack", encoded_and_joined(wish.ack));
  return link_.exchange(request, deadline);
}

Client::Answered Client::push(const PushWish& wish, Deadline deadline) {
  HttpRequest request{.method = "POST", .target = target(wish.endpoint), .body = wish.body};
  Query query(request.target);
  if (wish.delay) query.add("delay", format_seconds(*wish.delay));
  if (wish.ttl) query.add("ttl", format_seconds(*wish.ttl));
  if (!wish.split.empty()) query.add("split", wish.split);
  if (!wish.key.empty()) request.fields.emplace_back("Idempotency-Key", wish.key);
  if (!wish.content_type.empty()) request.fields.emplace_back("Content-Type", wish.content_type);
  return link_.exchange(request, deadline);
}

Client::Answered Client::settle(std::string_view endpoint, std::string_view receipt,
                                Deadline deadline) {
  return link_.exchange({.method = "DELETE", .target = target(endpoint, receipt)}, deadline);
}

Client::Answered Client::extend(std::string_view endpoint, std::string_view receipt, Duration lease,
                                Deadline deadline) {
  HttpRequest request{.method = "PATCH", .target = target(endpoint, receipt)};
  Query(request.target).add("lease", format_seconds(lease));
  return link_.exchange(request, deadline);
}

Client::Answered Client::give_back(std::string_view endpoint, std::string_view receipt,
                                   const ReleaseWish& wish, Deadline deadline) {
  HttpRequest request{.method = "PATCH", .target = target(endpoint, receipt)};
  Query query(request.target);
  switch (wish.how) {
    case ReleaseWish::How::release:
      query.add("release", "1");
      break;
    case ReleaseWish::How::retry:
      query.add("retry", format_seconds(wish.hidden));
      break;
    case ReleaseWish::How::dead:
      query.add("dead", "1");
      break;
  }
  return link_.exchange(request, deadline);
}

Client::Answered Client::ask(const char* method, std::string_view below, Deadline deadline) {
  return link_.exchange({.method = method, .target = url().path + std::string(below)}, deadline);
}

std::string Client::target(std::string_view endpoint) const {
  std::string out = url().path;
  out += '/';
  return out.append(endpoint);
}

std::string Client::target(std::string_view endpoint, std::string_view receipt) const {
  return target(endpoint) + "/" + percent_encode(receipt);
}

}  // namespace pistachio
