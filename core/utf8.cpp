#include "core/utf8.h"

#include <cstdint>
#include <cstring>

namespace pistachio {
namespace {

// True when none of the eight bytes at `at` is beyond ASCII. Most text is, and a byte at a time
// costs as much as everything else that is done to a message.
bool are_ascii(const unsigned char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return (word & 0x8080'8080'8080'8080u) == 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  while (at != end) {
    while (end - at >= 8 && are_ascii(at)) at += 8;
    if (at == end) break;
    const unsigned char lead = *at++;
    if (lead < 0x80) continue;
    // How many bytes follow, and between what the first of them must be.
    int more = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    for (; more > 0; --more, low = 0x80, high = 0xbf) {
      if (at == end || *at < low || *at > high) return false;
      ++at;
    }
  }
  return true;
}

}  // namespace pistachio
