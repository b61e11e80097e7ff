#include "core/envelope.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/plain_json.h"
#include "core/seconds.h"

namespace pistachio {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The value of each base64 digit, −1 for other bytes.
constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

void write_member(std::string_view name, std::string_view text, std::string& out) {
  if (out.back() != '{') out += ',';
  append_json_string(name, out);
  out += ':';
  append_json_string(text, out);
}

std::string text_of(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end()) return {};
  if (at->is_string()) return at->get<std::string>();
  return at->is_number_integer() ? at->dump() : std::string();
}

std::optional<Duration> seconds_of(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_number()) return std::nullopt;
  const double seconds = at->get<double>();
  if (!(seconds >= 0 && seconds < 1e12)) return std::nullopt;
  return Duration(static_cast<Duration::rep>(std::llround(seconds * 1000)));
}

// What parse() does, for lines as our server writes them; nothing for all others, be they right or
// wrong.
std::optional<Envelope> parse_plain(std::string_view line) {
  Envelope envelope;
  bool has_data = false;
  PlainJson members(line);
  while (members.next()) {
    const auto name = members.name();
    const auto value = members.value();
    if (members.is_string()) {
      if (name == "data") {
        envelope.data = value;
        has_data = true;
      } else if (name == "id") {
        envelope.id = value;
      } else if (name == "endpoint") {
        envelope.endpoint = value;
      } else if (name == "content_type") {
        envelope.content_type = value;
      } else if (name == "receipt") {
        envelope.receipt = value;
      } else if (name == "data_base64") {
        return std::nullopt;
      }
    } else if (name == "attempt") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), envelope.attempt);
      if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
    } else if (name == "age") {
      envelope.age = parse_seconds(value);
    } else if (name == "lease") {
      envelope.lease = parse_seconds(value);
    } else if (name == "id" || name == "data") {
      return std::nullopt;
    }
  }
  if (!members.is_whole() || !has_data) return std::nullopt;
  return envelope;
}

}  // namespace

void Envelope::write_line(std::string& out) const {
  out += '{';
  if (!id.empty()) write_member("id", id, out);
  if (!endpoint.empty()) write_member("endpoint", endpoint, out);
  if (out.back() != '{') out += ',';
  out += "\"attempt\":" + std::to_string(attempt);
  if (age) out += ",\"age\":" + format_seconds(*age);
  if (!content_type.empty()) write_member("content_type", content_type, out);
  if (is_utf8(data)) {
    write_member("data", data, out);
  } else {
    write_member("data_base64", base64(data), out);
  }
  out += "}\n";
}

Expected<Envelope> Envelope::parse(std::string_view line) {
  const auto bad = [](const char* why) {
    return failure(Errc::bad_argument, std::string("not a message envelope: ") + why);
  };
  if (auto plain = parse_plain(line)) return *std::move(plain);
  const auto object = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
  if (object.is_discarded() || !object.is_object()) return bad("the line is no JSON object");
  Envelope envelope;
  if (const auto data = object.find("data"); data != object.end() && data->is_string()) {
    envelope.data = data->get<std::string>();
  } else if (const auto coded = object.find("data_base64");
             coded != object.end() && coded->is_string()) {
    auto bytes = from_base64(coded->get_ref<const std::string&>());
    if (!bytes) return bad("data_base64 is no base64");
    envelope.data = std::move(*bytes);
  } else {
    return bad("it holds neither data nor data_base64");
  }
  envelope.id = text_of(object, "id");
  envelope.endpoint = text_of(object, "endpoint");
  envelope.content_type = text_of(object, "content_type");
  envelope.receipt = text_of(object, "receipt");
  envelope.age = seconds_of(object, "age");
  envelope.lease = seconds_of(object, "lease");
  if (const auto at = object.find("attempt"); at != object.end() && at->is_number_unsigned()) {
    envelope.attempt = at->get<std::uint32_t>();
  }
  return envelope;
}

void append_json_string(std::string_view utf8, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (;;) {
    const std::size_t length = json_literal(utf8).length;
    out.append(utf8, 0, length);
    if (length == utf8.size()) break;
    const char c = utf8[length];
    utf8.remove_prefix(length + 1);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    }
  }
  out += '"';
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    const std::size_t given = std::min<std::size_t>(3, bytes.size() - at);
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < given ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= given ? kDigits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t buffer = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    buffer = (buffer << 6 | static_cast<std::uint32_t>(value)) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(buffer >> held & 0xff);
    }
  }
  if ((buffer & ((1u << held) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace pistachio
