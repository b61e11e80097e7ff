#include "core/keyed_hash.h"

#include <cstdint>
#include <string>
#include <utility>

#include "core/endpoint_name.h"
#include "tests/support/catch.h"

using pistachio::keyed_hash;

TEST_CASE("a keyed hash is SipHash-1-3") {
  // The key is the bytes 0 to 15 and the text the first bytes 0, 1, 2 …, as in the vectors that the
  // authors of SipHash publish; the first is also in the tests of other implementations.
  const std::uint64_t low = 0x0706050403020100;
  const std::uint64_t high = 0x0f0e0d0c0b0a0908;
  std::string text;
  for (int i = 0; i < 31; ++i) text += static_cast<char>(i);
  for (const auto& [size, hash] : {std::pair<std::size_t, std::uint64_t>{0, 0xabac0158050fc4dc},
                                   {1, 0xc9f49bf37d57ca93},
                                   {7, 0xd3927d989bb11140},
                                   {8, 0x369095118d299a8e},
                                   {9, 0x25a48eb36c063de4},
                                   {15, 0xd320d86d2a519956},
                                   {16, 0xcc4fdd1a7d908b66},
                                   {31, 0x2370dd1f8c21d1bc}}) {
    INFO("size " << size);
    CHECK(keyed_hash(std::string_view(text).substr(0, size), low, high) == hash);
  }
}

TEST_CASE("equal texts have equal hashes, whoever asks") {
  const auto name = pistachio::EndpointName::parse("foobar").value();
  CHECK(pistachio::EndpointNameHash{}(name) == keyed_hash("foobar"));
  CHECK(keyed_hash("foobar") == keyed_hash(std::string("foo") + "bar"));
  CHECK(keyed_hash("foobar") != keyed_hash("foobas"));
}
