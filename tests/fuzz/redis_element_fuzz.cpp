// Any bytes as what another program has pushed to a list of ours, or into one of the keys beside
// it. Nothing of it may be lost or made up, and what would break the head of an answer must not get
// out.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/store/redis_element.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pistachio;

bool has_control(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return true;
  }
  return false;
}

void check_element(std::string_view text) {
  const RedisElement element = RedisElement::parse(text);
  require(text.ends_with(element.body), "the body is the end of what was pushed");
  require(!has_control(element.type) && !has_control(element.id),
          "what stands in the head of an answer has no control characters");
  if (!text.starts_with(kElementMark)) {
    require(element.body.size() == text.size() && element.type.empty() && element.id.empty(),
            "what does not begin with the mark is a body");
  }
  if (element.body.size() != text.size()) {
    require(text[text.size() - element.body.size() - 1] == '\n', "a header is a line");
  }
  const std::string again = redis_element(element.body, element.type, std::nullopt);
  const RedisElement same = RedisElement::parse(again);
  require(same.body == element.body && same.type == element.type, "writing undoes reading");
  const std::string expiring = redis_element(text, element.type, 1790000000000);
  const RedisElement wrapped = RedisElement::parse(expiring);
  require(wrapped.body == text && wrapped.type == element.type, "any bytes can be a body");
}

void check_entry(std::string_view text) {
  const auto entry = RedisEntry::parse(text);
  if (!entry) return;
  require(entry->id.find(':') == entry->id.npos, "an id has no colon");
  const std::string again = std::string(entry->id) + ":" + std::to_string(entry->attempts) + ":" +
                            std::string(entry->element);
  const auto same = RedisEntry::parse(again);
  require(same && same->id == entry->id && same->attempts == entry->attempts &&
              same->element == entry->element,
          "an entry written again is the same");
  require(text.ends_with(entry->element) && text.starts_with(entry->id),
          "an entry is made of what stood there");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_element(text);
  check_entry(text);
  check_element(std::string(kElementMark) + std::string(text));
  return 0;
}
