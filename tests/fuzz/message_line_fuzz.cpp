// Any bytes as a line of NDJSON, as strangers push them, and as a message that travels in one. What
// server and client write, both must read back; what the server takes, the client must read alike.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/api/message_lines.h"
#include "core/envelope.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pistachio;

void require_reads_back(std::string_view line, std::string_view body) {
  require(line.find('\n') == line.size() - 1, "a message is one line");
  const auto envelope = Envelope::parse(line);
  require(envelope && envelope->data == body, "a client reads what was written");
  const auto message = parse_message_line(line, {});
  require(message && message->body == body, "what was read from a queue can be pushed to another");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  std::string line;
  append_message_line("a", {"1", bytes, {}, 1, std::nullopt}, {}, line);
  require_reads_back(line, bytes);
  line.clear();
  Envelope written;
  written.data = bytes;
  written.write_line(line);
  require_reads_back(line, bytes);

  const auto message = parse_message_line(bytes, {});
  const auto envelope = Envelope::parse(bytes);
  if (!message) {
    require(message.error().message.size() < 400, "an error is short");
    return 0;
  }
  require(envelope && envelope->data == message->body, "server and client read a line alike");
  return 0;
}
