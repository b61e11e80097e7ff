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

std::string Receipt::text() const {
  std::string out;
  out.reserve(kTextLength);
  unsigned buffer = 0;
  int held = 0;
  for (const std::uint8_t byte : bits) {
    buffer = (buffer << 8 | byte) & 0xffff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out += kAlphabet[buffer >> held & 63];
    }
  }
  out += kAlphabet[buffer << (6 - held) & 63];
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
