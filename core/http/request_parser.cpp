#include "core/http/request_parser.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>

#include "core/http/authority.h"
#include "core/http/byte_class.h"
#include "core/http/request_target.h"

namespace pistachio::http {
namespace {

using Checked = tl::expected<void, Refusal>;

// 19 digits always fit into 64 bits.
constexpr std::size_t kMaxLengthDigits = 19;

// The longest name of a host there is (RFC 1035 section 2.3.4) and a port.
constexpr std::size_t kMaxGoodHost = 255 + 6;

std::string hex(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const unsigned byte = static_cast<unsigned char>(c);
  return {'0', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

// Cuts the first element off a comma-separated list. False at its end; elements may be empty.
bool next_element(std::optional<std::string_view>& list, std::string_view& element) {
  if (!list) return false;
  const std::size_t comma = list->find(',');
  element = trimmed(list->substr(0, comma));
  if (comma == std::string_view::npos) {
    list.reset();
  } else {
    list->remove_prefix(comma + 1);
  }
  return true;
}

// The end of the run of bytes of one class that starts `at`. The cursor is a local variable here,
// since a byte that is read through a member could, for all the compiler knows, be the member.
template <bool (*kIsOne)(char)>
const char* end_of(const char* at) {
  while (kIsOne(*at)) ++at;
  return at;
}

// For words of one length: the compiler makes one comparison of integers of it and calls nothing.
template <std::size_t kSize>
bool is_word(std::string_view text, const char (&word)[kSize]) {
  return text.size() == kSize - 1 && std::memcmp(text.data(), word, kSize - 1) == 0;
}

Method method_called(std::string_view text) {
  if (is_word(text, "GET")) return Method::get;
  if (is_word(text, "POST")) return Method::post;
  if (is_word(text, "HEAD")) return Method::head;
  if (is_word(text, "DELETE")) return Method::delete_;
  if (is_word(text, "PATCH")) return Method::patch;
  if (is_word(text, "PUT")) return Method::put;
  if (is_word(text, "OPTIONS")) return Method::options;
  return Method::other;
}

// Walks over one head. The final LF is in none of the byte classes, so that every loop over them
// ends inside the bytes without counting.
class HeadReader {
 public:
  HeadReader(std::string_view bytes, RequestHead& head)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), head_(head) {
    head.keep_alive = true;
    head.expects_continue = false;
    head.framing = BodyFraming::none;
    head.content_length = 0;
    head.field_count = 0;
  }

  Checked read() {
    while (*at_ == '\r' && at_[1] == '\n') at_ += 2;
    if (auto line = read_request_line(); !line) return line;
    while (*at_ != '\r' || at_[1] != '\n') {
      if (auto field = read_field(); !field) return field;
    }
    at_ += 2;
    return check_whole();
  }

  const char* position() const { return at_; }

 private:
  Checked read_request_line();
  Checked read_version();
  Checked read_field();
  Checked take_field(const Field& field);
  Checked take_content_length(std::string_view value);
  Checked take_connection(std::string_view value);
  Checked check_transfer_coding() const;
  Checked check_whole();

  std::string_view since(const char* start) const {
    return {start, static_cast<std::size_t>(at_ - start)};
  }

  const char* at_;
  const char* const end_;
  RequestHead& head_;

  std::optional<std::string_view> transfer_encoding_;
  bool has_host_ = false;
  bool expects_else_ = false;  // than 100-continue
  bool says_close_ = false;
  bool says_keep_alive_ = false;
};

Checked HeadReader::read_request_line() {
  const char* start = at_;
  at_ = end_of<is_token_byte>(at_);
  head_.method_text = since(start);
  head_.method = method_called(head_.method_text);
  if (head_.method_text.empty() || *at_ != ' ') {
    return refuse(400, "byte " + hex(*at_) +
                           " where the request line has its method and one space; it is METHOD SP "
                           "TARGET SP HTTP/1.1");
  }
  start = ++at_;
  at_ = end_of<is_target_byte>(at_);
  const std::string_view target = since(start);
  if (*at_ == '#') return refuse(400, "the request target has a fragment (#); send it without");
  if (target.empty() || *at_ != ' ') {
    return refuse(400, "byte " + hex(*at_) +
                           " where the request line has its target and one space; it is METHOD SP "
                           "TARGET SP HTTP/1.1, the target in visible ASCII, all else "
                           "percent-encoded");
  }
  ++at_;
  if (auto version = read_version(); !version) return version;
  auto split = split_target(target, head_.method_text);
  if (!split) return tl::make_unexpected(std::move(split).error());
  head_.path = split->path;
  head_.query = split->query;
  return {};
}

Checked HeadReader::read_version() {
  constexpr std::string_view kName = "HTTP/";
  constexpr std::string_view kUsual = "HTTP/1.1\r\n";
  if (std::string_view(at_, end_).starts_with(kUsual)) {
    at_ += kUsual.size();
    head_.minor_version = 1;
    return {};
  }
  const char* start = at_;
  at_ = end_of<is_value_byte>(at_);
  const std::string_view version = since(start);
  if (*at_ != '\r' || at_[1] != '\n') {
    return refuse(400, "the request line has control byte " + hex(*at_) + "; it ends in CR LF");
  }
  at_ += 2;
  if (version.size() != kName.size() + 3 || !version.starts_with(kName) || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return refuse(400, "the request line does not end in a version; it ends in SP HTTP/1.1");
  }
  if (version[5] != '1') {
    return refuse(505, std::string(version) + " is not spoken here; HTTP/1.1 and HTTP/1.0 are");
  }
  head_.minor_version = version[7] == '0' ? 0 : 1;
  return {};
}

Checked HeadReader::read_field() {
  if (is_space(*at_)) {
    return refuse(400,
                  "a header line starts with white space (a folded header, or a space before the "
                  "first one); each header is on one line that starts with its name");
  }
  const char* start = at_;
  at_ = end_of<is_token_byte>(at_);
  const std::string_view name = since(start);
  if (name.empty() || *at_ != ':') {
    if (name.empty()) {
      return refuse(400, "a header name starts with byte " + hex(*at_) + ", which no name holds");
    }
    if (is_space(*at_)) {
      return refuse(400, "white space before the colon of header " + quoted(name) +
                             "; the colon follows the name at once");
    }
    return refuse(400, "header " + quoted(name) + " goes on with byte " + hex(*at_) +
                           "; a colon follows the name at once");
  }
  start = ++at_;
  at_ = end_of<is_value_byte>(at_);
  const Field field{name, trimmed(since(start))};
  if (*at_ != '\r' || at_[1] != '\n') {
    return refuse(400, "header " + quoted(name) + " holds control byte " + hex(*at_) +
                           "; a value holds none but tabs, and its line ends in CR LF");
  }
  at_ += 2;
  if (head_.field_count == RequestHead::kMaxFields) {
    return refuse(431, "over " + std::to_string(RequestHead::kMaxFields) + " headers; send fewer");
  }
  head_.fields[head_.field_count++] = field;
  return take_field(field);
}

Checked HeadReader::take_field(const Field& field) {
  const auto called = [&](std::string_view name) { return equals_ignoring_case(field.name, name); };
  switch (field.name.size()) {
    case 4:
      if (!called("Host")) break;
      if (has_host_) return refuse(400, "Host is there twice; it must be there once");
      has_host_ = true;
      if (field.value.empty() || field.value == head_.good_host) break;
      if (!is_host_and_port(field.value)) {
        return refuse(400, "Host is malformed; it is host[:port], or [IPv6 address][:port]");
      }
      if (field.value.size() <= kMaxGoodHost) head_.good_host = field.value;
      break;
    case 6:
      if (!called("Expect")) break;
      if (equals_ignoring_case(field.value, "100-continue")) {
        head_.expects_continue = true;
      } else {
        expects_else_ = true;
      }
      break;
    case 10:
      if (called("Connection")) return take_connection(field.value);
      break;
    case 14:
      if (called("Content-Length")) return take_content_length(field.value);
      break;
    case 17:
      if (!called("Transfer-Encoding")) break;
      if (transfer_encoding_) {
        return refuse(400, "Transfer-Encoding is there twice; it must be there once, as chunked");
      }
      transfer_encoding_ = field.value;
      break;
    default:
      break;
  }
  return {};
}

Checked HeadReader::take_content_length(std::string_view value) {
  if (head_.framing == BodyFraming::length) {
    return refuse(400, "Content-Length is there twice; it must be there once");
  }
  head_.framing = BodyFraming::length;
  if (value.empty() || value.size() > kMaxLengthDigits ||
      !std::all_of(value.begin(), value.end(), is_digit)) {
    return refuse(400, "Content-Length is malformed; it is one decimal number of at most " +
                           std::to_string(kMaxLengthDigits) + " digits");
  }
  for (const char c : value) {
    head_.content_length = head_.content_length * 10 + static_cast<unsigned>(c - '0');
  }
  return {};
}

Checked HeadReader::take_connection(std::string_view value) {
  std::optional<std::string_view> list = value;
  std::string_view option;
  while (next_element(list, option)) {
    if (equals_ignoring_case(option, "close")) {
      says_close_ = true;
    } else if (equals_ignoring_case(option, "keep-alive")) {
      says_keep_alive_ = true;
    } else if (!option.empty() && !is_token(option)) {
      return refuse(400, "Connection is malformed; it is a list of names such as close");
    }
  }
  return {};
}

// Called where there is a Transfer-Encoding that is not just "chunked".
Checked HeadReader::check_transfer_coding() const {
  std::optional<std::string_view> list = transfer_encoding_;
  std::string_view coding;
  bool chunked = false;
  while (next_element(list, coding)) {
    // Chunked must come last, once and bare: else nobody knows where the body ends (RFC 9112
    // section 6.3).
    const std::string_view name = trimmed(coding.substr(0, coding.find(';')));
    if (chunked || !is_token(name)) {
      return refuse(400, "Transfer-Encoding is malformed; it is chunked, once and last");
    }
    chunked = equals_ignoring_case(name, "chunked");
    if (chunked && name.size() != coding.size()) {
      return refuse(400, "Transfer-Encoding gives chunked a parameter; it has none");
    }
  }
  return refuse(501, "Transfer-Encoding asks for a coding other than chunked; chunked alone is");
}

Checked HeadReader::check_whole() {
  const bool old = head_.minor_version == 0;
  if (!old && !has_host_) return refuse(400, "HTTP/1.1 without Host; it must be there once");
  if (transfer_encoding_) {
    if (head_.framing == BodyFraming::length) {
      return refuse(400, "both Content-Length and Transfer-Encoding; only one may be there");
    }
    if (old) {
      return refuse(400, "Transfer-Encoding on HTTP/1.0, which has none; send Content-Length");
    }
    if (!equals_ignoring_case(*transfer_encoding_, "chunked")) return check_transfer_coding();
    head_.framing = BodyFraming::chunked;
  }
  if (old) {
    head_.expects_continue = false;  // RFC 9110 section 10.1.1: to be ignored
  } else if (expects_else_) {
    return refuse(417, "Expect asks for what is not known here; only 100-continue is");
  }
  head_.keep_alive = !says_close_ && (!old || says_keep_alive_);
  return {};
}

}  // namespace

Checked parse_head(std::string_view bytes, RequestHead& head) {
  assert(bytes.ends_with("\r\n\r\n"));
  HeadReader reader(bytes, head);
  Checked result = reader.read();
  assert(!result || reader.position() == bytes.data() + bytes.size());
  return result;
}

}  // namespace pistachio::http
