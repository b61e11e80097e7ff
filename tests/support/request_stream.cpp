#include "tests/support/request_stream.h"

#include <vector>

namespace pistachio::http {
namespace {

std::string described(const RequestHead& head) {
  std::string text(head.method_text);
  text += " method=" + std::to_string(static_cast<int>(head.method));
  text += " path=" + std::string(head.path) + " query=" + std::string(head.query);
  text += " minor=" + std::to_string(head.minor_version);
  text += " keep_alive=" + std::to_string(head.keep_alive);
  text += " continue=" + std::to_string(head.expects_continue);
  text += " framing=" + std::to_string(static_cast<int>(head.framing));
  text += " length=" + std::to_string(head.content_length);
  for (const Field& field : head.all_fields()) {
    text += " [" + std::string(field.name) + "|" + std::string(field.value) + "]";
  }
  return text;
}

}  // namespace

void RequestStream::feed(std::string_view piece) {
  buffer_.append(piece);
  while (step()) {
  }
}

std::string RequestStream::transcript() const {
  std::string text = log_;
  text += "then expecting=" + std::to_string(static_cast<int>(expecting_));
  text += " at_start=" + std::to_string(scanner_.at_start());
  return text + " content " + body_ + "\n";
}

// True when something was understood, so that what follows may be too.
bool RequestStream::step() {
  switch (expecting_) {
    case Expecting::head:
      return read_head();
    case Expecting::length_body:
      return read_length_body();
    case Expecting::chunked_body:
      return read_chunked_body();
    case Expecting::nothing:
      break;
  }
  return false;
}

bool RequestStream::read_head() {
  const auto size = scanner_.scan(buffer_);
  if (!size) return refuse(size.error());
  if (!*size) return false;
  // A copy without slack behind it: AddressSanitizer sees the first byte read beyond.
  const std::vector<char> exact(buffer_.begin(),
                                buffer_.begin() + static_cast<std::ptrdiff_t>(**size));
  const std::string_view bytes(exact.data(), exact.size());
  RequestHead head;
  if (auto parsed = parse_head(bytes, head); !parsed) return refuse(parsed.error());
  if (check_) check_(bytes, head);
  log_ += described(head) + "\n";
  buffer_.erase(0, exact.size());
  scanner_.reset();
  switch (head.framing) {
    case BodyFraming::none:
      end_request();
      break;
    case BodyFraming::length:
      if (head.content_length > kBodyLimit) return refuse({413, "too large"});
      length_ = static_cast<std::size_t>(head.content_length);
      expecting_ = Expecting::length_body;
      break;
    case BodyFraming::chunked:
      decoder_ = ChunkedDecoder();
      expecting_ = Expecting::chunked_body;
      break;
  }
  return true;
}

bool RequestStream::read_length_body() {
  const std::string piece = buffer_.substr(0, length_ - body_.size());
  body_ += piece;
  buffer_.erase(0, piece.size());
  if (body_.size() < length_) return false;
  end_request();
  return true;
}

bool RequestStream::read_chunked_body() {
  const std::vector<char> exact(buffer_.begin(), buffer_.end());
  const auto used = decoder_.decode(std::string_view(exact.data(), exact.size()), body_,
                                    kBodyLimit - body_.size());
  if (!used) return refuse(used.error());
  buffer_.erase(0, *used);
  if (!decoder_.done()) return false;
  end_request();
  return true;
}

void RequestStream::end_request() {
  log_ += "body " + body_ + "\n";
  body_.clear();
  expecting_ = Expecting::head;
  ++requests_;
}

bool RequestStream::refuse(const Refusal& refusal) {
  log_ += "refused " + std::to_string(refusal.status) + " " + refusal.detail + "\n";
  refused_ = refusal.status;
  expecting_ = Expecting::nothing;
  return false;
}

std::string transcript_of(std::string_view bytes) {
  RequestStream stream;
  stream.feed(bytes);
  return stream.transcript();
}

std::string transcript_in_two(std::string_view bytes, std::size_t first) {
  RequestStream stream;
  stream.feed(bytes.substr(0, first));
  stream.feed(bytes.substr(first));
  return stream.transcript();
}

std::string transcript_byte_by_byte(std::string_view bytes) {
  RequestStream stream;
  for (std::size_t i = 0; i < bytes.size(); ++i) stream.feed(bytes.substr(i, 1));
  return stream.transcript();
}

}  // namespace pistachio::http
