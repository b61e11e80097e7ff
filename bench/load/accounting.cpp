#include "bench/load/accounting.h"

#include <algorithm>

namespace pistachio::bench {
namespace {

using Bits = std::vector<std::uint64_t>;

std::uint64_t mask(std::uint32_t index) { return std::uint64_t{1} << (index % 64); }

bool has(const Bits& bits, std::uint32_t index) {
  return index / 64 < bits.size() && (bits[index / 64] & mask(index)) != 0;
}

void add(Bits& bits, std::uint32_t index) {
  const std::size_t word = index / 64;
  if (word >= bits.size()) bits.resize(std::max(word + 1, bits.size() * 2));
  bits[word] |= mask(index);
}

}  // namespace

Accounting::Accounting(int endpoints, int publishers, std::uint32_t run)
    : endpoints_(endpoints),
      publishers_(static_cast<std::size_t>(publishers)),
      run_(run),
      sequences_(static_cast<std::size_t>(endpoints) * publishers_) {}

std::uint32_t Accounting::sent(int endpoint, int publisher) {
  ++counts.sent;
  return sequence(endpoint, publisher).next++;
}

void Accounting::refused(int endpoint, int publisher, std::uint32_t first, int count) {
  Sequence& sequence_of = sequence(endpoint, publisher);
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(count); ++i) {
    add(sequence_of.refused, first + i);
  }
  counts.refused += static_cast<std::uint64_t>(count);
}

std::optional<Payload> Accounting::received(std::string_view text, std::size_t size, int polled,
                                            Nanoseconds at) {
  const auto payload = Payload::read(text, size);
  if (!payload) {
    ++counts.corrupt;
    return std::nullopt;
  }
  if (payload->run != run_) {
    ++counts.stale;
    return std::nullopt;
  }
  const bool known_publisher =
      payload->publisher >= 0 && static_cast<std::size_t>(payload->publisher) < publishers_;
  if (payload->endpoint < 0 || payload->endpoint >= endpoints_ || !known_publisher) {
    ++counts.corrupt;
    return std::nullopt;
  }
  if (payload->endpoint != polled) ++counts.misrouted;

  ++counts.delivered;
  Sequence& sequence_of = sequence(payload->endpoint, payload->publisher);
  if (has(sequence_of.delivered, payload->sequence)) {
    ++counts.duplicates;
    return std::nullopt;
  }
  add(sequence_of.delivered, payload->sequence);
  ++counts.distinct;
  if (sequence_of.any && payload->sequence < sequence_of.newest) {
    ++counts.out_of_order;
  } else {
    sequence_of.newest = payload->sequence;
    sequence_of.any = true;
  }
  if (measuring_) {
    ++measured_;
    latencies_.add(at - payload->sent_at);
  }
  return payload;
}

std::uint64_t Accounting::lost() const {
  std::uint64_t lost = 0;
  for (const Sequence& sequence_of : sequences_) {
    for (std::uint32_t i = 0; i < sequence_of.next; ++i) {
      if (!has(sequence_of.delivered, i) && !has(sequence_of.refused, i)) ++lost;
    }
  }
  return lost;
}

void Accounting::count_reply() {
  ++counts.replies;
  if (measuring_) ++measured_replies_;
}

std::string Accounting::bad_statuses() const {
  std::string text;
  for (const auto& [status, times] : bad_statuses_) {
    if (!text.empty()) text += ' ';
    text += std::to_string(status) + "x" + std::to_string(times);
  }
  return text;
}

}  // namespace pistachio::bench
