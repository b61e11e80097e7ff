#include "core/api/message_lines.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/envelope.h"
#include "core/seconds.h"

namespace pistachio {
namespace {

using nlohmann::json;

tl::unexpected<Error> bad(std::string why) { return failure(Errc::bad_argument, std::move(why)); }

// A number of seconds under `name`, or nothing when it is not there.
Expected<std::optional<Duration>> seconds_of(const json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || at->is_null()) return std::nullopt;
  if (!at->is_number()) return bad(std::string("\"") + name + "\" is not a number of seconds");
  const double seconds = at->get<double>();
  if (!(seconds >= 0 && seconds <= 1e12))
    return bad(std::string("\"") + name + "\" is not between 0 and 10^12 seconds");
  return Duration(static_cast<Duration::rep>(std::ceil(seconds * 1000)));
}

std::string_view name_of(MessageState state) {
  switch (state) {
    case MessageState::queued:
      return "queued";
    case MessageState::delayed:
      return "delayed";
    case MessageState::leased:
      return "leased";
  }
  return "";
}

}  // namespace

void append_message_line(std::string_view endpoint, const MessageView& message,
                         const LineExtras& extras, std::string& out) {
  out += '{';
  if (!message.id.empty()) {
    out += "\"id\":";
    append_json_string(message.id, out);
    out += ',';
  }
  out += "\"endpoint\":";
  append_json_string(endpoint, out);  // a checked name: ASCII
  out += ",\"attempt\":";
  char digits[16];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), message.attempt).ptr);
  if (message.age) out += ",\"age\":" + format_seconds(*message.age);
  out += ",\"content_type\":";
  append_json_string(message.content_type.empty() ? "text/plain" : message.content_type, out);
  if (is_utf8(message.body)) {
    out += ",\"data\":";
    append_json_string(message.body, out);
  } else {
    out += ",\"data_base64\":\"" + base64(message.body) + '"';
  }
  if (extras.receipt != nullptr) out += ",\"receipt\":\"" + extras.receipt->text() + '"';
  if (extras.lease) out += ",\"lease\":" + format_seconds(*extras.lease);
  if (extras.state) {
    out += ",\"state\":\"";
    out += name_of(*extras.state);
    out += '"';
  }
  out += "}\n";
}

Expected<NewMessage> parse_message_line(std::string_view line, const NewMessage& defaults) {
  const json object = json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded() || !object.is_object()) return bad("it is not a JSON object in UTF-8");
  NewMessage message = defaults;
  const auto data = object.find("data");
  const auto coded = object.find("data_base64");
  if (data != object.end() && coded != object.end())
    return bad("it holds both \"data\" and \"data_base64\"");
  if (data != object.end()) {
    if (!data->is_string()) return bad("\"data\" is not a string");
    message.body = data->get<std::string>();
  } else if (coded != object.end()) {
    if (!coded->is_string()) return bad("\"data_base64\" is not a string");
    auto bytes = from_base64(coded->get_ref<const std::string&>());
    if (!bytes) return bad("\"data_base64\" is not base64 with padding");
    message.body = *std::move(bytes);
  } else {
    return bad("it holds neither \"data\" nor \"data_base64\"");
  }
  if (const auto type = object.find("content_type"); type != object.end() && !type->is_null()) {
    if (!type->is_string()) return bad("\"content_type\" is not a string");
    auto kept = kept_content_type(type->get_ref<const std::string&>());
    if (!kept) return tl::make_unexpected(std::move(kept.error()));
    message.content_type = *std::move(kept);
  }
  auto delay = seconds_of(object, "delay");
  if (!delay) return tl::make_unexpected(std::move(delay.error()));
  if (*delay) message.delay = **delay;
  auto ttl = seconds_of(object, "ttl");
  if (!ttl) return tl::make_unexpected(std::move(ttl.error()));
  if (*ttl) message.ttl = **ttl;
  return message;
}

}  // namespace pistachio
