#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace pistachio {

/// The bytes of one message, body and content type, in one allocation: two million of them rest in
/// memory at a time. They may be let go while their sizes stay known, when a file has them too.
class Payload {
 public:
  /// The longest body (bytes) and content type there can be.
  static constexpr std::size_t kMaxBody = 0xffff'ffff;
  static constexpr std::size_t kMaxType = 0x7fff;

  Payload() = default;

  /// Copies both. They must not be longer than kMaxBody and kMaxType.
  Payload(std::string_view body, std::string_view type) : Payload(body.size(), type.size()) {
    if (size() == 0) return;
    bytes_ = std::make_unique_for_overwrite<char[]>(size());
    if (!body.empty()) std::memcpy(bytes_.get(), body.data(), body.size());
    if (!type.empty()) std::memcpy(bytes_.get() + body.size(), type.data(), type.size());
  }

  /// One whose bytes are elsewhere.
  static Payload absent(std::size_t body_size, std::size_t type_size) {
    Payload payload(body_size, type_size);
    payload.absent_ = 1;
    return payload;
  }

  /// False: the bytes must be fetched, and another assigned, before they can be looked at.
  bool present() const { return absent_ == 0; }

  // Views of a payload that is present. Valid until it is let go, assigned to or destroyed.
  std::string_view body() const { return {bytes_.get(), body_size_}; }
  std::string_view type() const { return {bytes_.get() + body_size_, type_size_}; }

  std::size_t body_size() const { return body_size_; }
  /// Of body and content type, whether they are present or not.
  std::size_t size() const { return std::size_t{body_size_} + type_size_; }

  void let_go() {
    bytes_.reset();
    absent_ = 1;
  }

 private:
  Payload(std::size_t body_size, std::size_t type_size)
      : body_size_(static_cast<std::uint32_t>(body_size)),
        type_size_(static_cast<std::uint16_t>(type_size & kMaxType)),
        absent_(0) {}

  std::unique_ptr<char[]> bytes_;
  std::uint32_t body_size_ = 0;
  std::uint16_t type_size_ : 15 = 0;
  std::uint16_t absent_ : 1 = 0;
};

}  // namespace pistachio
