#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pistachio {

/// What a listener shows to settle, extend or give back the one delivery it was made for: 128 bits
/// from a cryptographic generator, on the wire 22 characters of base64url without padding (RFC 4648
/// section 5).
struct Receipt {
  static constexpr std::size_t kTextLength = 22;
  std::array<std::uint8_t, 16> bits{};

  /// Writes its kTextLength characters to `to`.
  void write(char* to) const;
  std::string text() const;

  /// Nothing when `text` is not 22 characters of base64url. The four bits that 22 characters have
  /// to spare are not looked at.
  static std::optional<Receipt> parse(std::string_view text);

  bool operator==(const Receipt&) const = default;
};

/// Makes receipts; asks OpenSSL for randomness in blocks, since one call per message would cost
/// more than the message. Throws std::runtime_error when the operating system gives no randomness.
class ReceiptMaker {
 public:
  Receipt next() {
    if (used_ == pool_.size()) fill();
    return std::exchange(pool_[used_++], {});
  }

 private:
  void fill();

  std::array<Receipt, 256> pool_{};
  std::size_t used_ = pool_.size();
};

struct ReceiptHash {
  std::size_t operator()(const Receipt& receipt) const {
    std::size_t word;  // The bits are random: any eight bytes are a hash.
    static_assert(sizeof(word) <= sizeof(receipt.bits));
    __builtin_memcpy(&word, receipt.bits.data(), sizeof(word));
    return word;
  }
};

}  // namespace pistachio
