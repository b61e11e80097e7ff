#include "bench/load/traffic.h"

#include <algorithm>
#include <stdexcept>

namespace pistachio::bench {
namespace {

// So few connect at a time that no listen queue overflows: a SYN that is dropped costs a second.
constexpr int kMaxOpening = 128;
constexpr Nanoseconds kPollAgainAfterError = 20 * kMillisecond;

/// The ways in which servers say over HTTP that nothing came.
bool says_nothing_came(int status) {
  return status == 504 || status == 408 || status == 304 || status == 204;
}

std::vector<Connection> make_connections(Connection::Role role, const Options& options) {
  const bool polls = role == Connection::Role::poller;
  const int count = polls ? options.pollers : options.publishers;
  std::vector<Connection> made(static_cast<std::size_t>(count));
  int number = 0;
  for (Connection& connection : made) {
    connection.role = role;
    connection.protocol = polls ? options.poll_protocol : options.publish_protocol;
    connection.number = number;
    connection.endpoint = number % options.endpoints;
    ++number;
  }
  return made;
}

/// Calls `take` with each receipt of an answer: one in a header, or one in each envelope.
template <class Take>
void for_each_receipt(const Reply& reply, Take take) {
  constexpr std::string_view kField = "\"receipt\":\"";
  if (!reply.receipt.empty()) take(reply.receipt);
  std::string_view rest = reply.body;
  for (std::size_t at = rest.find(kField); at != std::string_view::npos; at = rest.find(kField)) {
    rest.remove_prefix(at + kField.size());
    take(rest.substr(0, rest.find('"')));
  }
}

}  // namespace

Traffic::Traffic(const Options& options, Accounting& accounting, Window& window)
    : options_(options),
      requests_(options),
      accounting_(accounting),
      window_(window),
      connections_(options, accounting,
                   {.connected = [this](Connection& c) { on_connected(c); },
                    .replied = [this](Connection& c, const Reply& reply,
                                      Nanoseconds at) { on_reply(c, reply, at); },
                    .broken = [this](Connection& c) { on_broken(c); },
                    .retry_due = [this](Connection& c) { poll(c); }}),
      pollers_(make_connections(Connection::Role::poller, options)),
      publishers_(make_connections(Connection::Role::publisher, options)) {}

Traffic::~Traffic() {
  for (Connection& connection : pollers_) connection.close();
  for (Connection& connection : publishers_) connection.close();
}

void Traffic::open_publishers() {
  for (Connection& publisher : publishers_) connections_.open(publisher);
  const auto all_free = [this] { return free_publishers_.size() == publishers_.size(); };
  if (!run_until(all_free, 5)) {
    throw std::runtime_error("publishers cannot connect to port " +
                             std::to_string(options_.publish_port));
  }
}

bool Traffic::open_some_pollers() {
  while (opened_pollers_ < pollers_.size() && connections_.connecting() < kMaxOpening) {
    connections_.open(pollers_[opened_pollers_++]);
  }
  return opened_pollers_ == pollers_.size();
}

bool Traffic::open_pollers() {
  const Nanoseconds start = now();
  while (!open_some_pollers()) {
    turn(1);
    if (seconds_since(start) > 60) throw std::runtime_error("opening connections took over 60 s");
  }
  const auto all_sent = [this] {
    return std::all_of(pollers_.begin(), pollers_.end(), [](const Connection& poller) {
      return poller.state == Connection::State::busy && poller.output.empty();
    });
  };
  return run_until(all_sent, 20);
}

int Traffic::parked() const {
  const auto count = std::count_if(pollers_.begin(), pollers_.end(), [](const Connection& poller) {
    return poller.state == Connection::State::busy;
  });
  return static_cast<int>(count);
}

void Traffic::on_connected(Connection& connection) {
  if (connection.role == Connection::Role::publisher) {
    connections_.flush(connection);
    if (!connection.closed()) offer(connection);
  } else {
    connection.output += requests_.greeting(connection.endpoint);
    poll(connection);
  }
}

void Traffic::on_broken(Connection& connection) {
  for (const PendingPush& push : connection.pushes) refuse(connection, push);
  connection.pushes.clear();
}

void Traffic::on_reply(Connection& connection, const Reply& reply, Nanoseconds at) {
  if (connection.role == Connection::Role::publisher) {
    on_push_reply(connection, reply);
  } else {
    on_poll_reply(connection, reply, at);
  }
}

void Traffic::on_push_reply(Connection& publisher, const Reply& reply) {
  if (publisher.pushes.empty()) {
    ++accounting_.counts.bad_pushes;
    return;
  }
  const PendingPush push = publisher.pushes.front();
  publisher.pushes.pop_front();
  if (!reply.error && reply.status >= 200 && reply.status < 300) {
    accounting_.counts.accepted += static_cast<std::uint64_t>(push.count);
  } else {
    ++accounting_.counts.bad_pushes;
    accounting_.count_bad_status(reply.status);
    refuse(publisher, push);
  }
  if (publisher.pushes.empty()) publisher.state = Connection::State::idle;
  if (reply.closes) {
    connections_.drop(publisher, false);
  } else {
    offer(publisher);
  }
}

void Traffic::refuse(const Connection& publisher, const PendingPush& push) {
  accounting_.refused(push.endpoint, publisher.number, push.first, push.count);
  window_.refused(push.endpoint, push.count);
}

void Traffic::on_poll_reply(Connection& poller, const Reply& reply, Nanoseconds at) {
  poller.state = Connection::State::idle;
  bool bad = false;
  if (reply.nothing || says_nothing_came(reply.status)) {
    ++accounting_.counts.empty_polls;
  } else if (reply.status == 200 && !reply.error) {
    if (take_messages(poller, reply.body, at) == 0) ++accounting_.counts.empty_polls;
  } else {
    bad = true;
    ++accounting_.counts.bad_polls;
    accounting_.count_bad_status(reply.status);
  }
  if (!reply.gone.empty()) ++accounting_.counts.gone;
  remember(poller.memory, reply);

  if (reply.closes) {
    connections_.drop(poller, false);
  } else if (bad) {
    connections_.retry_after(poller, kPollAgainAfterError);
  } else {
    poll(poller);
  }
}

/// Finds the messages wherever they are in `body`, bare or in envelopes.
int Traffic::take_messages(const Connection& poller, std::string_view body, Nanoseconds at) {
  int count = 0;
  for (;;) {
    const std::size_t found = body.find(Payload::kMarker);
    if (found == std::string_view::npos) return count;
    body.remove_prefix(found);
    ++count;
    const auto payload = accounting_.received(body, options_.message_size, poller.endpoint, at);
    if (payload) window_.arrived(payload->endpoint, at);
    body.remove_prefix(std::min(options_.message_size, body.size()));
  }
}

void Traffic::remember(PollMemory& memory, const Reply& reply) const {
  memory.job = reply.job;
  if (options_.follow_etag) {
    if (!reply.etag.empty()) memory.etag.assign(reply.etag);
    if (!reply.last_modified.empty()) memory.last_modified.assign(reply.last_modified);
  }
  if (options_.acknowledge) {
    for_each_receipt(reply, [&memory](std::string_view receipt) {
      if (!memory.receipts.empty()) memory.receipts += ',';
      memory.receipts += receipt;
    });
  }
}

void Traffic::poll(Connection& poller) {
  if (options_.rotate) poller.endpoint = next_endpoint_++ % options_.endpoints;
  requests_.append_poll(poller.output, poller.endpoint, poller.memory);
  poller.state = Connection::State::busy;
  poller.polled_at = now();
  connections_.flush(poller);
}

bool Traffic::can_push(const Connection& publisher) const {
  const bool open =
      publisher.state == Connection::State::idle || publisher.state == Connection::State::busy;
  return open && static_cast<int>(publisher.pushes.size()) < options_.pipeline;
}

Connection* Traffic::take_free_publisher() {
  while (!free_publishers_.empty()) {
    Connection* const publisher = free_publishers_.front();
    free_publishers_.pop_front();
    publisher->offered = false;
    if (can_push(*publisher)) return publisher;
  }
  return nullptr;
}

void Traffic::put_back(Connection& publisher) {
  publisher.offered = true;
  free_publishers_.push_front(&publisher);
}

void Traffic::offer(Connection& publisher) {
  if (publisher.offered || !can_push(publisher)) return;
  publisher.offered = true;
  free_publishers_.push_back(&publisher);
}

void Traffic::push(Connection& publisher, int endpoint) {
  Payload payload{.run = accounting_.run(),
                  .endpoint = endpoint,
                  .publisher = publisher.number,
                  .sent_at = now()};
  PendingPush push{.endpoint = endpoint, .count = options_.lines};
  body_.clear();
  for (int line = 0; line < push.count; ++line) {
    payload.sequence = accounting_.sent(endpoint, publisher.number);
    if (line == 0) push.first = payload.sequence;
    payload.append_to(body_, options_.message_size);
    if (push.count > 1) body_ += '\n';
  }
  requests_.append_push(publisher.output, endpoint, body_);
  publisher.pushes.push_back(push);
  publisher.state = Connection::State::busy;
  window_.sent(endpoint, push.count, payload.sent_at);
  if (options_.pipeline == 1) {
    connections_.flush(publisher);
  } else {
    connections_.flush_later(publisher);
  }
  offer(publisher);
}

}  // namespace pistachio::bench
