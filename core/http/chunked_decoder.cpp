#include "core/http/chunked_decoder.h"

#include <algorithm>
#include <cassert>

#include "core/http/byte_class.h"

namespace pistachio::http {
namespace {

// 16 hexadecimal digits are 64 bits.
constexpr std::uint8_t kMaxSizeDigits = 16;

}  // namespace

tl::expected<std::size_t, Refusal> ChunkedDecoder::decode(std::string_view bytes,
                                                          std::string& content, std::size_t room) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != State::done) {
    if (state_ != State::data) {
      if (auto taken = take(bytes[used]); !taken) return tl::make_unexpected(taken.error());
      ++used;
      if (state_ != State::data) continue;
    }
    if (left_ > room) {
      return refuse(413, "the body is larger than may be sent here; send less, or in several");
    }
    const auto piece = bytes.substr(used, static_cast<std::size_t>(left_));
    content.append(piece);
    used += piece.size();
    room -= piece.size();
    left_ -= piece.size();
    if (left_ == 0) state_ = State::data_cr;
  }
  return used;
}

tl::expected<void, Refusal> ChunkedDecoder::take(char c) {
  switch (state_) {
    case State::size_start:
    case State::size:
    case State::size_space:
    case State::extension:
    case State::size_lf:
      return take_in_size_line(c);
    case State::data_cr:
      if (c != '\r') return refuse(400, "a chunk is longer than its size says");
      state_ = State::data_lf;
      return {};
    case State::data_lf:
      if (c != '\n') return refuse(400, "bare CR after a chunk; it must end in CR LF");
      state_ = State::size_start;
      return {};
    case State::trailer_start:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf:
    case State::final_lf:
      return take_in_trailers(c);
    case State::data:
    case State::done:
      break;
  }
  assert(false);
  return {};
}

tl::expected<void, Refusal> ChunkedDecoder::take_in_size_line(char c) {
  if (state_ == State::size_start) {
    digits_ = 0;
    left_ = 0;
    overhead_ = 0;
  }
  if (++overhead_ > kMaxSizeLine) {
    return refuse(400, "a chunk's size line is over " + std::to_string(kMaxSizeLine) +
                           " bytes; leave its extensions out");
  }
  if (state_ == State::size_lf) {
    if (c != '\n') return refuse(400, "bare CR in a chunk's size line; it must end in CR LF");
    state_ = left_ > 0 ? State::data : State::trailer_start;
    overhead_ = 0;
    return {};
  }
  if (state_ == State::size_start || state_ == State::size) {
    if (const int digit = hex_value(c); digit >= 0) {
      if (++digits_ > kMaxSizeDigits) {
        return refuse(400, "a chunk size has over 16 digits; it has at most 16");
      }
      left_ = left_ << 4 | static_cast<unsigned>(digit);
      state_ = State::size;
      return {};
    }
    if (state_ == State::size_start) {
      return refuse(400, "a chunk size is missing or malformed; it is a hexadecimal number");
    }
  }
  if (state_ == State::extension) {
    if (is_value_byte(c)) return {};
    if (c != '\r') {
      return refuse(400, "control byte in a chunk extension; the line must end in CR LF");
    }
  }
  if (c == '\r' && state_ != State::size_space) {
    state_ = State::size_lf;
  } else if (c == ';') {
    state_ = State::extension;
  } else if (is_space(c)) {
    state_ = State::size_space;
  } else {
    return refuse(400, "a chunk size is malformed; it is a hexadecimal number, followed by CR LF");
  }
  return {};
}

tl::expected<void, Refusal> ChunkedDecoder::take_in_trailers(char c) {
  if (++overhead_ > kMaxTrailerBytes) {
    return refuse(431, "the trailers of a chunked body are over " +
                           std::to_string(kMaxTrailerBytes) + " bytes; send none");
  }
  switch (state_) {
    case State::trailer_start:
      if (c == '\r') {
        state_ = State::final_lf;
      } else if (is_token_byte(c)) {
        state_ = State::trailer_name;
      } else {
        return refuse(400, "a trailer does not start with a name; it is NAME: VALUE");
      }
      return {};
    case State::trailer_name:
      if (c == ':') {
        state_ = State::trailer_value;
      } else if (!is_token_byte(c)) {
        return refuse(400, "a trailer's name is malformed; a colon follows the name at once");
      }
      return {};
    case State::trailer_value:
      if (c == '\r') {
        state_ = State::trailer_lf;
      } else if (!is_value_byte(c)) {
        return refuse(400, "control byte in a trailer; its line must end in CR LF");
      }
      return {};
    default:
      if (c != '\n') return refuse(400, "bare CR in the trailers; lines must end in CR LF");
      state_ = state_ == State::final_lf ? State::done : State::trailer_start;
      return {};
  }
}

}  // namespace pistachio::http
