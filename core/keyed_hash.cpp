#include "core/keyed_hash.h"

#include <unistd.h>

#include <bit>
#include <cstring>
#include <stdexcept>

namespace pistachio {
namespace {

class SipHash13 {
 public:
  SipHash13(std::uint64_t low, std::uint64_t high)
      : v0_(low ^ 0x736f6d6570736575),
        v1_(high ^ 0x646f72616e646f6d),
        v2_(low ^ 0x6c7967656e657261),
        v3_(high ^ 0x7465646279746573) {}

  void add(std::uint64_t word) {
    v3_ ^= word;
    round();
    v0_ ^= word;
  }

  std::uint64_t finish() {
    v2_ ^= 0xff;
    round();
    round();
    round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
};

// The first `count` bytes, little-endian as the paper has it, whatever this machine is.
std::uint64_t word_at(const char* bytes, std::size_t count) {
  std::uint64_t word = 0;
  if (count == sizeof(word) && std::endian::native == std::endian::little) {
    std::memcpy(&word, bytes, sizeof(word));
    return word;
  }
  for (std::size_t i = 0; i < count; ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return word;
}

struct Key {
  // From the kernel and not from OpenSSL, whose generator takes two milliseconds to start: as long
  // as all the rest of a push from a shell.
  Key() {
    if (getentropy(this, sizeof(*this)) != 0) {
      throw std::runtime_error("the operating system gives no randomness");
    }
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

}  // namespace

std::size_t keyed_hash(std::string_view text) {
  static const Key key;
  return keyed_hash(text, key.low, key.high);
}

std::size_t keyed_hash(std::string_view text, std::uint64_t key_low, std::uint64_t key_high) {
  SipHash13 hash(key_low, key_high);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) hash.add(word_at(at, 8));
  hash.add(word_at(at, left) | static_cast<std::uint64_t>(text.size()) << 56);
  return static_cast<std::size_t>(hash.finish());
}

}  // namespace pistachio
