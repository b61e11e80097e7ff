// Any bytes as what a connection sends. However they are cut they must be understood alike, and an
// accepted head must keep every promise that core/http/request.h makes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/request_parser.h"
#include "tests/fuzz/require.h"
#include "tests/support/request_stream.h"

namespace {

using namespace pistachio::http;

void require_inside(std::string_view bytes, std::string_view part) {
  require(part.data() >= bytes.data() && part.data() + part.size() <= bytes.data() + bytes.size(),
          "a view points into the head");
}

void require_clean(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    require((byte >= 0x20 && byte != 0x7f) || c == '\t', "no control byte in an accepted head");
  }
}

// How many lines of the head start with `name` and a colon, found without the parser.
int lines_called(std::string_view bytes, std::string_view name) {
  int count = 0;
  for (std::size_t at = bytes.find('\n'); at != bytes.npos; at = bytes.find('\n', at + 1)) {
    const std::string_view line = bytes.substr(at + 1);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        equals_ignoring_case(line.substr(0, name.size()), name)) {
      ++count;
    }
  }
  return count;
}

void require_one_framing(std::string_view bytes, const RequestHead& head) {
  const int lengths = lines_called(bytes, "Content-Length");
  const int codings = lines_called(bytes, "Transfer-Encoding");
  require(lengths + codings <= 1, "an accepted head frames its body once at the most");
  require((head.framing == BodyFraming::length) == (lengths == 1), "Content-Length is framing");
  require((head.framing == BodyFraming::chunked) == (codings == 1), "chunked is framing");
  const int hosts = lines_called(bytes, "Host");
  require(hosts == 1 || (hosts == 0 && head.minor_version == 0), "Host is there once on 1.1");
}

void require_sound(std::string_view bytes, const RequestHead& head) {
  require(bytes.size() <= HeadScanner::kMaxHeadBytes, "no head is over its limit");
  require(!head.method_text.empty(), "a method has a name");
  require_inside(bytes, head.method_text);
  require_inside(bytes, head.path);
  require_inside(bytes, head.query);
  require(head.path.starts_with('/') || (head.path == "*" && head.method == Method::options),
          "a path starts with a slash");
  require(head.path.find_first_of("?# ") == head.path.npos, "a path holds no query");
  require_clean(head.method_text);
  require_clean(head.path);
  require_clean(head.query);
  for (const Field& field : head.all_fields()) {
    require_inside(bytes, field.name);
    require_inside(bytes, field.value);
    require(!field.name.empty() && field.name.find_first_of(" \t:") == field.name.npos,
            "a field name is a token");
    require(field.value.find_first_of(" \t") != 0 &&
                (field.value.empty() || field.value.find_last_of(" \t") + 1 < field.value.size()),
            "a field value is trimmed");
    require_clean(field.name);
    require_clean(field.value);
  }
  require_one_framing(bytes, head);
}

// What was understood, written out plainly, is understood as the same.
void require_same_when_written_out(const RequestHead& head) {
  std::string plain(head.method_text);
  plain += " " + std::string(head.path);
  if (!head.query.empty()) plain += "?" + std::string(head.query);
  plain += head.minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  for (const Field& field : head.all_fields()) {
    plain += std::string(field.name) + ":" + std::string(field.value) + "\r\n";
  }
  plain += "\r\n";
  HeadScanner scanner;
  const auto size = scanner.scan(plain);
  require(size && *size && **size == plain.size(), "a head written out ends where it ends");
  RequestHead again;
  require(parse_head(plain, again).has_value(), "a head written out is accepted");
  require(again.method == head.method && again.path == head.path && again.query == head.query &&
              again.keep_alive == head.keep_alive && again.framing == head.framing &&
              again.content_length == head.content_length &&
              again.expects_continue == head.expects_continue &&
              again.field_count == head.field_count,
          "a head written out reads the same");
}

// Pieces whose sizes the bytes themselves decide (FNV-1a, then xorshift), so that an input alone
// says how it is cut.
std::string transcript_in_pieces(std::string_view bytes) {
  std::uint64_t state = 14695981039346656037u;
  for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * 1099511628211u;
  state |= 1;
  RequestStream stream;
  while (!bytes.empty()) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const std::string_view piece = bytes.substr(0, 1 + state % ((state >> 32) % 2 == 0 ? 5 : 80));
    stream.feed(piece);
    bytes.remove_prefix(piece.size());
  }
  return stream.transcript();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  RequestStream stream([](std::string_view head_bytes, const RequestHead& head) {
    require_sound(head_bytes, head);
    require_same_when_written_out(head);
  });
  stream.feed(bytes);
  const std::string whole = stream.transcript();
  require(transcript_in_pieces(bytes) == whole, "pieces are understood as the whole is");
  require(transcript_byte_by_byte(bytes) == whole, "single bytes are understood as the whole is");
  return 0;
}
