// GET {path}/{endpoint}[,{endpoint}…]: the poll (PROTOCOL section 3).

#include <algorithm>
#include <utility>

#include "core/api/api.h"
#include "core/api/message_lines.h"
#include "core/api/poll_note.h"
#include "core/seconds.h"

namespace pistachio {
namespace {

constexpr std::size_t kMaxNames = 64;
constexpr std::size_t kMaxMessages = 1000;
constexpr std::size_t kMaxLeasedMessages = 200;
constexpr std::size_t kMaxReceipts = 200;

// The tag of a request that still settles: it is a poll, so a client that leaves is gone, but the
// Broker does not know it yet.
constexpr std::uint64_t kSettling = UINT64_MAX;

constexpr std::string_view kNdjson = "application/x-ndjson";
constexpr std::string_view kTimeoutBody = "Timeout waiting for response";

// The loop's clock shows the start of the present millisecond: a wait that ends a millisecond later
// by it has certainly lasted as long as was promised.
constexpr Duration kRoundUp{1};

}  // namespace

void Api::poll(Request& request, const Target& target) {
  const Connection id = request.connection;
  const auto parameters =
      Parameters::parse(request.head.query, {"wait", "lease", "max", "ack", "empty", "peek"});
  if (!ok(id, parameters)) return;
  if (parameters->has("peek")) {
    const auto limit = parameters->number("peek", 1, kMaxMessages);
    if (!ok(id, limit)) return;
    if (parameters->size() > 1)
      return send_problem(id, 400, "peek= takes no other parameter beside it");
    return peek(request, target, **limit);
  }
  if (!ok(id, parse_names(target.endpoint, kMaxNames, names_))) return;
  if (accepts(request.fields.accept, "text/event-stream")) {
    return send_problem(
        id, 501,
        "this server does not offer event streams; poll without Accept: text/event-stream");
  }

  const auto wait = parameters->seconds("wait");
  const auto lease = parameters->seconds("lease", /*more_than_zero=*/true);
  if (!ok(id, wait) || !ok(id, lease)) return;
  const auto max =
      parameters->number("max", 1, lease->has_value() ? kMaxLeasedMessages : kMaxMessages);
  auto receipts = parameters->receipts("ack", kMaxReceipts);
  const auto empty_204 = parameters->exactly("empty", "204");
  if (!ok(id, max) || !ok(id, receipts) || !ok(id, empty_204)) return;

  const std::optional<Duration> preferred =
      wait->has_value() ? std::nullopt : preferred_wait(request.fields.prefer);
  const Duration held =
      std::min(wait->value_or(preferred.value_or(options_.timeout)), options_.timeout);
  http::RequestContext& context = *server_.context(id);
  PollNote note = PollNote(context.note)
                      .with_lines(max->has_value() || accepts(request.fields.accept, kNdjson))
                      .with_empty_204(*empty_204)
                      .with_several(names_.size() > 1);
  if (preferred) note = note.with_preferred(held);
  context.note = note.bits();

  PollRequest wish{.names = names_,
                   .deadline = held == Duration::zero()
                                   ? Deadline(loop_.now())
                                   : Deadline::in(held + kRoundUp, loop_.now()),
                   .max = max->value_or(1),
                   .lease = *lease};
  if (wish.lease) wish.lease = std::min(*wish.lease, options_.max_lease);
  if (receipts->empty()) return begin_poll(id, wish, {});
  settle_then_poll(id, *std::move(receipts), wish);
}

void Api::begin_poll(Connection id, const PollRequest& wish, std::string gone) {
  const auto poll = broker_.poll(wish, id, loop_.now());
  if (!ok(id, poll)) return;
  server_.context(id)->tag = *poll;
  if (!gone.empty()) gone_[*poll] = std::move(gone);
}

void Api::on_abandoned(std::uint64_t tag) {
  gone_.erase(tag);
  broker_.cancel(tag);
}

// ---------------------------------------------------------------- ack=

void Api::settle_then_poll(Connection id, std::vector<Receipt> receipts, PollRequest wish) {
  if (free_settling_.empty()) {
    free_settling_.push_back(static_cast<std::uint32_t>(settling_.size()));
    settling_.emplace_back();
  }
  const std::uint32_t slot = free_settling_.back();
  free_settling_.pop_back();
  Settling& settling = settling_[slot];
  settling.connection = id;
  settling.names.swap(names_);
  settling.next_name = 0;
  wish.names = {};
  settling.wish = wish;
  server_.context(id)->tag = kSettling;
  settle_next(slot, std::move(receipts));
}

// A receipt may belong to any of the endpoints named: those that one did not know are tried at the
// next.
void Api::settle_next(std::uint32_t slot, std::vector<Receipt> receipts) {
  const Settling& settling = settling_[slot];
  store_.settle(
      settling.names[settling.next_name], std::move(receipts),
      [this, slot](Expected<std::vector<Receipt>> gone) { on_settled(slot, std::move(gone)); });
}

void Api::on_settled(std::uint32_t slot, Expected<std::vector<Receipt>> gone) {
  Settling& settling = settling_[slot];
  if (gone && !gone->empty() && ++settling.next_name < settling.names.size())
    return settle_next(slot, *std::move(gone));
  if (!gone) {
    send_error(settling.connection, gone.error());
  } else if (server_.context(settling.connection) != nullptr) {  // else it has left: takes nothing
    std::string list;
    for (const Receipt& receipt : *gone) list += (list.empty() ? "" : ",") + receipt.text();
    settling.wish.names = settling.names;
    begin_poll(settling.connection, settling.wish, std::move(list));
  }
  free_settling_.push_back(slot);
}

// ---------------------------------------------------------------- answers

void Api::on_poll_result(std::uint64_t caller, const PollResult& result) {
  const http::RequestContext* const context = server_.context(caller);
  if (context == nullptr) {
    if (result.delivery != 0) broker_.returned(result.delivery, /*counted=*/false);
    return;
  }
  const PollNote note(context->note);
  if (result.error != nullptr) {
    gone_.erase(context->tag);
    return send_error(caller, *result.error);
  }
  http::Response& response = fresh();
  response.delivery = result.delivery;
  if (result.messages.empty()) {
    write_empty(result, note);
  } else if (note.lines()) {
    write_lines(result);
  } else {
    write_message(result);
  }
  response.add_lines("Cache-Control: no-store\r\n");
  if (note.several() && result.endpoint != nullptr)
    response.add("Pistachio-Endpoint", result.endpoint->text());
  if (result.lease) response.add("Pistachio-Lease", format_seconds(*result.lease));
  if (note.preferred()) response.add("Preference-Applied", "wait=" + format_seconds(note.wait()));
  if (const auto gone = gone_.empty() ? gone_.end() : gone_.find(context->tag);
      gone != gone_.end()) {
    response.add("Pistachio-Gone", gone->second);
    gone_.erase(gone);
  }
  counters_.deliveries += result.messages.size();
  send(caller);
}

// What a 200 says of its one message.
void Api::describe(const PollResult& result) {
  const auto& [receipt, message] = result.messages.front();
  response_.add("Pistachio-Id", message.id);
  response_.add("Pistachio-Attempt", std::uint64_t{message.attempt});
  if (message.age) response_.add("Pistachio-Age", format_seconds(*message.age));
  if (result.lease) {
    char text[Receipt::kTextLength];
    receipt.write(text);
    response_.add("Pistachio-Receipt", {text, sizeof text});
  }
}

void Api::write_message(const PollResult& result) {
  const MessageView& message = result.messages.front().message;
  if (message.content_type.empty()) {
    response_.add_lines("Content-Type: text/plain\r\n");
  } else {
    response_.add("Content-Type", message.content_type);
  }
  describe(result);
  response_.body_view = message.body;
}

void Api::write_lines(const PollResult& result) {
  for (const Delivered& each : result.messages) {
    LineExtras extras;
    if (result.lease) extras = {.receipt = &each.receipt, .lease = result.lease};
    append_message_line(result.endpoint->text(), each.message, extras, response_.body);
  }
  response_.add("Content-Type", kNdjson);
  if (result.messages.size() == 1) describe(result);  // else the lines say it
}

void Api::write_empty(const PollResult& result, const PollNote& note) {
  ++counters_.empty_polls;
  if (note.empty_is_204()) {
    response_.status = 204;
  } else {
    response_.status = 504;
    response_.add_lines("Content-Type: text/plain\r\n");
    response_.body = kTimeoutBody;
  }
  response_.add("Pistachio-Wait", format_seconds(result.held));
  // All clients of a server that leaves must not come back in the same second.
  if (result.draining) response_.add("Retry-After", std::uint64_t{1 + jitter_() % 5});
}

}  // namespace pistachio
