#include "core/receipt.h"

#include <openssl/rand.h>

#include <stdexcept>

namespace pistachio {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kNoDigit;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kValues = make_values();

// Base64 turns three bytes into four characters. Sixteen bytes are five such groups and one byte
// more, which becomes two characters.
constexpr std::size_t kGroups = 5;

}  // namespace

void Receipt::write(char* to) const {
  const std::uint8_t* from = bits.data();
  for (std::size_t group = 0; group < kGroups; ++group, from += 3) {
    const unsigned three = static_cast<unsigned>(from[0] << 16 | from[1] << 8 | from[2]);
    for (const int shift : {18, 12, 6, 0}) *to++ = kAlphabet[three >> shift & 63];
  }
  *to++ = kAlphabet[*from >> 2];
  *to = kAlphabet[(*from & 3u) << 4];
}

std::string Receipt::text() const {
  std::string out(kTextLength, '\0');
  write(out.data());
  return out;
}

std::optional<Receipt> Receipt::parse(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  std::array<std::uint8_t, kTextLength> values;
  std::uint8_t all = 0;
  for (std::size_t i = 0; i < kTextLength; ++i) {
    values[i] = kValues[static_cast<unsigned char>(text[i])];
    all |= values[i];
  }
  if ((all & 0xc0) != 0) return std::nullopt;  // kNoDigit was among them
  Receipt receipt;
  std::uint8_t* to = receipt.bits.data();
  const std::uint8_t* from = values.data();
  for (std::size_t group = 0; group < kGroups; ++group, from += 4) {
    *to++ = static_cast<std::uint8_t>(from[0] << 2 | from[1] >> 4);
    *to++ = static_cast<std::uint8_t>(from[1] << 4 | from[2] >> 2);
    *to++ = static_cast<std::uint8_t>(from[2] << 6 | from[3]);
  }
  *to = static_cast<std::uint8_t>(from[0] << 2 | from[1] >> 4);
  return receipt;
}

void ReceiptMaker::fill() {
  if (RAND_bytes(pool_.data()->bits.data(), sizeof pool_) != 1) {
    throw std::runtime_error("cannot make a receipt: the operating system gives no randomness");
  }
  used_ = 0;
}

}  // namespace pistachio
