#include "core/api/parameters.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "core/seconds.h"

namespace pistachio {
namespace {

using http::equals_ignoring_case;

[[gnu::cold, gnu::noinline]] tl::unexpected<Error> bad(std::string message) {
  return failure(Errc::bad_argument, std::move(message));
}

[[gnu::cold, gnu::noinline]] std::string quoted(std::string_view name) {
  return "parameter '" + std::string(name) + "'";
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Where the next `separator` outside a quoted string (RFC 9110 section 5.6.4) stands, or npos.
std::size_t find_unquoted(std::string_view text, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      quoted = !quoted;
    } else if (quoted && text[i] == '\\') {
      ++i;
    } else if (!quoted && text[i] == separator) {
      return i;
    }
  }
  return std::string_view::npos;
}

// Takes what stands before the next `separator` off the front of `text`.
std::string_view next_part(std::string_view& text, char separator) {
  const auto end = find_unquoted(text, separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trim(part);
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

Expected<Parameters> Parameters::parse(std::string_view query,
                                       std::initializer_list<std::string_view> known) {
  assert(known.size() <= kMost);
  Expected<Parameters> result(tl::in_place);  // made where it is returned: it is large
  if (query.empty()) return result;
  Parameters& parameters = *result;
  http::QueryReader reader(query);
  while (reader.next()) {
    const std::string_view name = reader.name();
    if (name == "_" || name == "access_token") continue;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string names;
      for (const std::string_view each : known)
        names += (names.empty() ? "" : ", ") + std::string(each);
      return bad(quoted(name) + " is not known here; " +
                 (names.empty() ? "this request takes none" : "known are: " + names));
    }
    if (parameters.has(name)) return bad(quoted(name) + " is given twice; give it once");
    parameters.given_[parameters.count_++] = {name, reader.value()};
  }
  if (!reader.error().empty()) return bad(reader.error());
  parameters.decoded_ = reader.take_decoded();
  return result;
}

Expected<std::optional<Duration>> Parameters::seconds(std::string_view name,
                                                      bool more_than_zero) const {
  const std::string_view* const value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto span = parse_seconds(*value);
  if (!span || (more_than_zero && *span == Duration::zero())) {
    return bad(quoted(name) + " is '" + std::string(*value) +
               "'; it takes seconds such as 30 or 0.25" + (more_than_zero ? ", more than 0" : ""));
  }
  return span;
}

Expected<std::optional<std::size_t>> Parameters::number(std::string_view name, std::size_t least,
                                                        std::size_t most) const {
  const std::string_view* const value = find(name);
  if (value == nullptr) return std::nullopt;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (value->empty() || error != std::errc() || end != value->data() + value->size() ||
      number < least || number > most) {
    return bad(quoted(name) + " is '" + std::string(*value) + "'; it takes a whole number from " +
               std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Expected<bool> Parameters::exactly(std::string_view name, std::string_view value) const {
  const std::string_view* const given = find(name);
  if (given == nullptr) return false;
  if (*given != value) {
    return bad(quoted(name) + " is '" + std::string(*given) + "'; the only value it takes is " +
               std::string(value));
  }
  return true;
}

Expected<std::vector<Receipt>> Parameters::receipts(std::string_view name, std::size_t most) const {
  std::vector<Receipt> receipts;
  const std::string_view* const value = find(name);
  if (value == nullptr) return receipts;
  std::string_view rest = *value;
  do {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const bool last = comma == rest.size();
    const std::string_view part = trim(rest.substr(0, comma));
    rest.remove_prefix(last ? comma : comma + 1);
    const auto receipt = Receipt::parse(part);
    if (!receipt) {
      return bad(quoted(name) + " holds '" + std::string(part) +
                 "', which is no receipt; receipts are 22 characters, separated by commas");
    }
    if (receipts.size() == most) {
      return bad(quoted(name) + " holds more than " + std::to_string(most) +
                 " receipts; send the others later");
    }
    receipts.push_back(*receipt);
    if (last) break;
  } while (true);
  return receipts;
}

KnownFields::KnownFields(const http::RequestHead& head) {
  for (const http::Field& field : head.all_fields()) {
    const auto is = [&](std::string_view name) { return equals_ignoring_case(field.name, name); };
    switch (field.name.size()) {
      case 6:
        if (is("accept")) {
          if (accept.empty()) accept = field.value;
        } else if (is("prefer")) {
          if (prefer.empty()) prefer = field.value;
        } else if (is("origin")) {
          origin = field.value;
        }
        break;
      case 7:
        if (is("purpose")) purpose = field.value;
        break;
      case 11:
        if (is("sec-purpose")) sec_purpose = field.value;
        break;
      case 12:
        if (is("content-type")) {
          if (has_content_type) repeated = field.name;
          content_type = field.value;
          has_content_type = true;
        }
        break;
      case 13:
        if (is("authorization")) authorization = field.value;
        break;
      case 14:
        if (is("sec-fetch-site")) sec_fetch_site = field.value;
        break;
      case 15:
        if (is("idempotency-key")) {
          if (has_idempotency_key) repeated = field.name;
          idempotency_key = field.value;
          has_idempotency_key = true;
        }
        break;
      case 29:
        if (is("access-control-request-method")) preflight_method = field.value;
        break;
      default:
        break;
    }
  }
}

bool accepts(std::string_view accept, std::string_view media_type) {
  while (!accept.empty()) {
    std::string_view range = next_part(accept, ',');
    const std::string_view type = next_part(range, ';');
    if (!equals_ignoring_case(type, media_type)) continue;
    bool refused = false;
    while (!range.empty()) {
      const std::string_view parameter = next_part(range, ';');
      const bool is_zero_quality = parameter.size() >= 3 &&
                                   (parameter.starts_with("q=") || parameter.starts_with("Q=")) &&
                                   parameter.find_first_not_of("0.", 2) == std::string_view::npos;
      refused = refused || is_zero_quality;
    }
    if (!refused) return true;
  }
  return false;
}

std::optional<Duration> preferred_wait(std::string_view prefer) {
  while (!prefer.empty()) {
    std::string_view preference = next_part(prefer, ',');
    std::string_view value = next_part(preference, ';');
    const std::string_view name = next_part(value, '=');
    if (!equals_ignoring_case(name, "wait")) continue;
    value = trim(value);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
      value = value.substr(1, value.size() - 2);
    return parse_seconds(value);
  }
  return std::nullopt;
}

Expected<void> parse_names(std::string_view segment, std::size_t most,
                           std::vector<EndpointName>& names) {
  names.clear();
  // Nearly all: one name, plain.
  if (auto name = EndpointName::parse(segment)) {
    names.push_back(*std::move(name));
    return {};
  }
  std::optional<std::string> decoded;
  if (segment.find('%') != std::string_view::npos) {
    decoded = http::percent_decode(segment);
    if (!decoded) {
      return failure(
          Errc::bad_name,
          "bad endpoint name: it holds a % that is not followed by two hexadecimal digits");
    }
    segment = *decoded;
  }
  for (;;) {
    const auto comma = segment.find(',');
    auto name = EndpointName::parse(segment.substr(0, comma));
    if (!name) return tl::make_unexpected(std::move(name.error()));
    if (std::find(names.begin(), names.end(), *name) != names.end()) {
      return failure(Errc::bad_name,
                     "endpoint '" + name->text() + "' is named twice; name it once");
    }
    if (names.size() == most) {
      return failure(Errc::bad_name,
                     most == 1 ? "several endpoints are named; this request takes one"
                               : "more than " + std::to_string(most) + " endpoints are named");
    }
    names.push_back(*std::move(name));
    if (comma == std::string_view::npos) return {};
    segment.remove_prefix(comma + 1);
  }
}

Expected<std::string> kept_content_type(std::string_view content_type) {
  if (content_type.empty()) return std::string();
  if (content_type.size() > 255 || !is_printable_ascii(content_type)) {
    return bad("the Content-Type is longer than 255 characters or not printable ASCII");
  }
  std::string_view rest = content_type;
  const std::string_view type = next_part(rest, ';');
  if (equals_ignoring_case(type, "application/x-www-form-urlencoded")) return std::string();
  if (equals_ignoring_case(type, "text/plain")) {
    bool plain = true;
    while (!rest.empty()) {
      const std::string_view parameter = next_part(rest, ';');
      plain = plain && (parameter.empty() || equals_ignoring_case(parameter, "charset=utf-8") ||
                        equals_ignoring_case(parameter, "charset=\"utf-8\""));
    }
    if (plain) return std::string();
  }
  return std::string(content_type);
}

}  // namespace pistachio
