#include "core/receipt.h"

#include <openssl/rand.h>

#include <cstring>
#include <stdexcept>

namespace pistachio {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int value_of(char c) {
  const auto at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::array<char, Receipt::kTextLength> Receipt::characters() const {
  std::array<char, kTextLength> out;
  // Three bytes are four characters; the last byte is two.
  for (std::size_t i = 0, at = 0; at < out.size(); i += 3, at += 4) {
    const bool is_last = i + 1 == bits.size();
    const unsigned three = static_cast<unsigned>(bits[i]) << 16 |
                           (is_last ? 0u : static_cast<unsigned>(bits[i + 1]) << 8 | bits[i + 2]);
    out[at] = kAlphabet[three >> 18];
    out[at + 1] = kAlphabet[three >> 12 & 63];
    if (is_last) break;
    out[at + 2] = kAlphabet[three >> 6 & 63];
    out[at + 3] = kAlphabet[three & 63];
  }
  return out;
}

std::optional<Receipt> Receipt::parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  Receipt receipt;
  unsigned buffer = 0;
  int held = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    buffer = (buffer << 6 | static_cast<unsigned>(value)) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      receipt.bits[at++] = static_cast<std::uint8_t>(buffer >> held);
    }
  }
  return receipt;
}

Receipt ReceiptMaker::next() {
  Receipt receipt;
  if (used_ + receipt.bits.size() > pool_.size()) {
    if (RAND_bytes(pool_.data(), static_cast<int>(pool_.size())) != 1) {
      throw std::runtime_error("cannot make a receipt: the operating system gives no randomness");
    }
    used_ = 0;
  }
  std::memcpy(receipt.bits.data(), pool_.data() + used_, receipt.bits.size());
  std::memset(pool_.data() + used_, 0, receipt.bits.size());
  used_ += receipt.bits.size();
  return receipt;
}

}  // namespace pistachio
