#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/api/parameters.h"
#include "core/error.h"
#include "core/message.h"
#include "core/store/store.h"

namespace pistachio {

// Messages as lines: NDJSON out (polls with max=, peeks) and bodies that hold a message per line in
// (split=).

/// Appends one NDJSON envelope of PROTOCOL section 3, with its newline. `receipt` and `lease` only
/// under a lease, `state` only in a peek.
struct LineExtras {
  const Receipt* receipt = nullptr;
  std::optional<Duration> lease = std::nullopt;
  std::optional<MessageState> state = std::nullopt;
};
void append_message_line(std::string_view endpoint, const MessageView& message,
                         const LineExtras& extras, std::string& out);

/// Splits `body` at LF or CRLF; a last newline adds no line. Calls `line` with each and its number
/// from 1, until it returns false.
template <class Line>
void each_line(std::string_view body, Line line) {
  for (std::size_t number = 1; !body.empty(); ++number) {
    const auto end = body.find('\n');
    std::string_view text = body.substr(0, end);
    if (end != std::string_view::npos && text.ends_with('\r')) text.remove_suffix(1);
    if (!line(text, number)) return;
    if (end == std::string_view::npos) return;
    body.remove_prefix(end + 1);
  }
}

/// Reads one envelope of a split=ndjson push: data or data_base64, content_type, delay and ttl; the
/// rest is ignored. What it does not say comes from `defaults`. The error says what is wrong with
/// the line, not which line it is.
Expected<NewMessage> parse_message_line(std::string_view line, const NewMessage& defaults);

}  // namespace pistachio
