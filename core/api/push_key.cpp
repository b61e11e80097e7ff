#include "core/api/push_key.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <initializer_list>

namespace pistachio {
namespace {

std::string sha256(std::initializer_list<std::string_view> parts) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  for (const std::string_view part : parts) {
    // Length first: "ab","c" and "a","bc" are different things.
    const std::uint64_t length = part.size();
    EVP_DigestUpdate(context, &length, sizeof(length));
    EVP_DigestUpdate(context, part.data(), part.size());
  }
  EVP_DigestFinal_ex(context, digest.data(), &size);
  EVP_MD_CTX_free(context);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace

std::string push_key(std::string_view key) { return sha256({key}); }

std::string push_fingerprint(std::string_view split, const NewMessage& defaults,
                             std::string_view body) {
  return sha256({split, defaults.content_type, std::to_string(defaults.delay.count()),
                 defaults.ttl ? std::to_string(defaults.ttl->count()) : "none", body});
}

}  // namespace pistachio
