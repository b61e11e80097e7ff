#include "bench/load/payload.h"

namespace pistachio::bench {
namespace {

constexpr std::size_t kRunAt = 4, kRunWidth = 8;
constexpr std::size_t kEndpointAt = 13, kEndpointWidth = 6;
constexpr std::size_t kPublisherAt = 20, kPublisherWidth = 4;
constexpr std::size_t kSequenceAt = 25, kSequenceWidth = 10;
constexpr std::size_t kSentAt = 36, kSentWidth = 20;
constexpr std::size_t kHeadSize = kSentAt + kSentWidth + 1;
constexpr char kEnd = '#';
static_assert(Payload::kSmallestSize == kHeadSize + 1);

/// Writes `value` with leading zeros: snprintf would cost more than the rest of a push.
void write_number(char* out, std::size_t width, std::uint64_t value, unsigned base) {
  while (width-- > 0) {
    out[width] = "0123456789abcdef"[value % base];
    value /= base;
  }
}

/// A character that is no digit gives a number that matches nothing; the run's bits and the end
/// mark tell damage apart.
std::uint64_t read_number(std::string_view text, std::size_t at, std::size_t width, unsigned base) {
  std::uint64_t value = 0;
  for (const char c : text.substr(at, width)) {
    const int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
    value = value * base + static_cast<std::uint64_t>(digit);
  }
  return value;
}

}  // namespace

void Payload::append_to(std::string& out, std::size_t size) const {
  const std::size_t start = out.size();
  out.append(size, 'x');
  char* const text = out.data() + start;
  kMarker.copy(text, kMarker.size());
  write_number(text + kRunAt, kRunWidth, run, 16);
  write_number(text + kEndpointAt, kEndpointWidth, static_cast<std::uint64_t>(endpoint), 10);
  write_number(text + kPublisherAt, kPublisherWidth, static_cast<std::uint64_t>(publisher), 10);
  write_number(text + kSequenceAt, kSequenceWidth, sequence, 10);
  write_number(text + kSentAt, kSentWidth, static_cast<std::uint64_t>(sent_at), 10);
  for (const std::size_t at : {kEndpointAt, kPublisherAt, kSequenceAt, kSentAt, kHeadSize}) {
    text[at - 1] = '|';
  }
  text[size - 1] = kEnd;
}

std::optional<Payload> Payload::read(std::string_view text, std::size_t size) {
  if (text.size() < size || text[size - 1] != kEnd) return std::nullopt;
  Payload payload;
  payload.run = static_cast<std::uint32_t>(read_number(text, kRunAt, kRunWidth, 16));
  payload.endpoint = static_cast<int>(read_number(text, kEndpointAt, kEndpointWidth, 10));
  payload.publisher = static_cast<int>(read_number(text, kPublisherAt, kPublisherWidth, 10));
  payload.sequence = static_cast<std::uint32_t>(read_number(text, kSequenceAt, kSequenceWidth, 10));
  payload.sent_at = static_cast<Nanoseconds>(read_number(text, kSentAt, kSentWidth, 10));
  return payload;
}

}  // namespace pistachio::bench
