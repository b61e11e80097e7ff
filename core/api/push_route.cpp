// POST {path}/{endpoint}: the push (PROTOCOL section 4).

#include <algorithm>
#include <utility>

#include "core/api/api.h"
#include "core/api/message_lines.h"
#include "core/api/push_key.h"

namespace pistachio {
namespace {

// A body of newlines would otherwise become millions of messages of a hundred bytes of bookkeeping
// each, in one turn.
constexpr std::size_t kMaxSplit = 200'000;

// With split= the whole body may be so many times --max-message-size.
constexpr std::size_t kSplitFactor = 16;

using Split = std::string_view;  // "", "lines" or "ndjson"

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= 255 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string too_large(std::uint64_t size, std::size_t most) {
  return "has " + std::to_string(size) + " bytes; a message has at most " + std::to_string(most) +
         " here (--max-message-size)";
}

// Seen from the query alone: what is malformed there is refused when the body is there.
bool is_split(std::string_view query) { return query.find("split=") != std::string_view::npos; }

/// Takes a split body apart into `push`. A refusal names the line.
Expected<void> split_body(std::string_view body, Split split, const NewMessage& defaults,
                          std::size_t max_size, Push& push, bool& too_big) {
  std::optional<Error> error;
  std::size_t count = 0;
  each_line(body, [&](std::string_view line, std::size_t number) {
    const auto refuse = [&](std::string why) {
      error = Error{Errc::bad_argument, "line " + std::to_string(number) + " of the body: " +
                                            std::move(why) + "; nothing was taken"};
      return false;
    };
    if (count == kMaxSplit) {
      too_big = true;
      return refuse("a body holds at most " + std::to_string(kMaxSplit) +
                    " messages; send it in parts");
    }
    NewMessage message;
    if (split == "ndjson") {
      auto parsed = parse_message_line(line, defaults);
      if (!parsed) return refuse(std::move(parsed.error().message));
      message = *std::move(parsed);
    } else {
      message = defaults;
      message.body = line;
    }
    if (message.body.size() > max_size) {
      too_big = true;
      return refuse("the message " + too_large(message.body.size(), max_size));
    }
    if (++count == 1) {
      push.message = std::move(message);
    } else {
      push.more.push_back(std::move(message));
    }
    return true;
  });
  if (error) return tl::make_unexpected(*std::move(error));
  return {};
}

}  // namespace

// How much body a push may have.
std::size_t Api::body_limit(std::string_view query) const {
  return options_.max_message_size * (is_split(query) ? kSplitFactor : 1);
}

std::string Api::body_too_large(std::uint64_t size, std::string_view query) const {
  if (!is_split(query)) return "the body " + too_large(size, options_.max_message_size);
  return "the body has " + std::to_string(size) + " bytes; to be split it has at most " +
         std::to_string(body_limit(query)) + ", " + std::to_string(kSplitFactor) +
         " times --max-message-size; send it in parts";
}

Expected<Parameters> Api::push_parameters(std::string_view query) {
  return Parameters::parse(query, {"delay", "ttl", "split", "redrive"});
}

void Api::push(Request& request, const Target& target) {
  const Connection id = request.connection;
  const auto parameters = push_parameters(request.head.query);
  if (!ok(id, parameters)) return;
  auto name = one_name(id, target);
  if (!name) return;
  if (parameters->has("redrive")) {
    const auto redrives = parameters->exactly("redrive", "1");
    if (!ok(id, redrives)) return;
    if (parameters->size() > 1)
      return send_problem(id, 400, "redrive= takes no other parameter beside it");
    if (!request.body.view().empty())
      return send_problem(id, 400, "a redrive has no body; send it empty");
    return redrive(request, *name);
  }
  const auto delay = parameters->seconds("delay");
  const auto ttl = parameters->seconds("ttl");
  if (!ok(id, delay) || !ok(id, ttl)) return;
  const std::string_view* const split = parameters->find("split");
  if (split != nullptr && *split != "lines" && *split != "ndjson") {
    return send_problem(
        id, 400, "parameter 'split' is '" + std::string(*split) + "'; it takes lines or ndjson");
  }
  auto content_type = kept_content_type(request.fields.content_type);
  if (!ok(id, content_type)) return;
  const KnownFields& fields = request.fields;
  if (fields.has_idempotency_key && !is_key(fields.idempotency_key)) {
    return send_problem(id, 400, "the Idempotency-Key is not 1 to 255 printable ASCII characters");
  }
  if (!fields.repeated.empty()) {
    return send_problem(id, 400, std::string(fields.repeated) + " is there twice; send it once");
  }

  const std::string_view bytes = request.body.view();
  if (bytes.size() > body_limit(request.head.query))
    return send_problem(id, 413, body_too_large(bytes.size(), request.head.query));

  Push push{.endpoint = *std::move(name), .message = {}};
  NewMessage& defaults = push.message;
  // The type of an NDJSON body is that of the envelopes; each message says its own.
  if (split == nullptr || *split != "ndjson") defaults.content_type = *std::move(content_type);
  defaults.delay = delay->value_or(Duration::zero());
  defaults.ttl = ttl->has_value() ? *ttl : options_.default_ttl;
  if (fields.has_idempotency_key) {
    push.key = push_key(fields.idempotency_key);
    push.fingerprint =
        push_fingerprint(split != nullptr ? *split : std::string_view(), defaults, bytes);
  }
  if (split == nullptr) {
    push.message.body = request.body.take();
  } else {
    if (bytes.empty()) return send_json(id, 201, "{\"count\":0}\n");
    bool too_big = false;
    const auto taken = split_body(bytes, *split, std::exchange(push.message, {}),
                                  options_.max_message_size, push, too_big);
    if (!taken && too_big) return send_problem(id, 413, taken.error().message);
    if (!ok(id, taken)) return;
  }
  // One capture more would not fit std::function's own storage, and every push would allocate.
  if (split == nullptr) {
    store_.push(std::move(push), [this, id](Expected<Pushed> result) {
      pushed_.push_back({id, false, std::move(result)});
    });
  } else {
    store_.push(std::move(push), [this, id](Expected<Pushed> result) {
      pushed_.push_back({id, true, std::move(result)});
    });
  }
}

bool Api::answer_pushes() {
  for (const PushResult& each : answering_) on_pushed(each.connection, each.split, each.result);
  const bool any = !answering_.empty() || !pushed_.empty();
  answering_.clear();
  answering_.swap(pushed_);
  return any;
}

void Api::on_pushed(Connection id, bool split, const Expected<Pushed>& result) {
  if (!ok(id, result)) return;
  http::Response& response = fresh();
  response.status = 201;
  response.add_lines("Content-Type: application/json\r\n");
  if (result->replayed) response.add("Idempotency-Replayed", "true");
  if (!result->replayed) counters_.pushes += result->count;
  std::string& body = response.body;
  const bool has_ids = result->first_id != 0;
  if (split) {
    body += "{\"count\":" + std::to_string(result->count);
    if (has_ids) {
      body += ",\"first_id\":\"" + std::to_string(result->first_id) + "\",\"last_id\":\"" +
              std::to_string(result->last_id()) + '"';
    }
    body += "}\n";
  } else if (has_ids) {
    body.append("{\"id\":\"").append(std::to_string(result->first_id)).append("\"}\n");
  } else {
    body = "{}\n";
  }
  send(id);
}

}  // namespace pistachio
