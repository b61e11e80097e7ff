#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/http/chunked_decoder.h"
#include "core/http/request_parser.h"

namespace pistachio::http {

/// Reads the bytes of one connection as a server does (head, body, the next pipelined head) until
/// the first refusal, and writes down what it understood. Two ways to cut the same bytes must give
/// the same transcript.
class RequestStream {
 public:
  /// Small, so that short inputs reach it: a larger body is a refusal with 413.
  static constexpr std::size_t kBodyLimit = 1000;

  /// Called with each accepted head and the bytes it was read from, if set.
  using HeadCheck = std::function<void(std::string_view bytes, const RequestHead& head)>;

  explicit RequestStream(HeadCheck check = nullptr) : check_(std::move(check)) {}

  /// Takes the next bytes, however many.
  void feed(std::string_view piece);

  /// A line for each head, body or refusal, and how far the last unfinished request has come.
  std::string transcript() const;

  /// The status of the refusal that ended the stream; 0 when there was none.
  int refused() const { return refused_; }

  /// Whole requests read, bodies included.
  std::size_t requests() const { return requests_; }

 private:
  enum class Expecting : std::uint8_t { head, length_body, chunked_body, nothing };

  bool step();
  bool read_head();
  bool read_length_body();
  bool read_chunked_body();
  void end_request();
  bool refuse(const Refusal& refusal);

  HeadCheck check_;
  Expecting expecting_ = Expecting::head;
  std::string buffer_;  // received and not yet understood
  HeadScanner scanner_;
  ChunkedDecoder decoder_;
  std::size_t length_ = 0;
  std::string body_;
  std::string log_;
  int refused_ = 0;
  std::size_t requests_ = 0;
};

/// The transcript of `bytes` that come at once.
std::string transcript_of(std::string_view bytes);

/// The transcript of `bytes` that come in two pieces, the first of `first` bytes.
std::string transcript_in_two(std::string_view bytes, std::size_t first);

/// The transcript of `bytes` that come one by one.
std::string transcript_byte_by_byte(std::string_view bytes);

}  // namespace pistachio::http
