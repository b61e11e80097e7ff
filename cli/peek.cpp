#include "cli/peek.h"

#include "cli/enquiry.h"
#include "cli/exit_status.h"
#include "core/envelope.h"

namespace pistachio::cli {

int peek(const PeekOptions& options, const Surroundings& surroundings) {
  Enquiry enquiry("peek", surroundings);
  if (const auto wrong = enquiry.check_name(options.endpoint)) return *wrong;
  if (const auto wrong = enquiry.open(options.server)) return *wrong;
  const auto body =
      enquiry.ask("GET", "/" + options.endpoint + "?peek=" + std::to_string(options.count));
  if (!body) return body.error();
  if (options.format == "json") return enquiry.print(*body).value_or(kDone);
  std::string_view rest = *body;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto message = Envelope::parse(line);
    if (!message) return enquiry.say(kFailed, message.error().message);
    message->data += options.null ? '\0' : '\n';
    if (const auto ended = enquiry.print(message->data)) return *ended;
  }
  return kDone;
}

}  // namespace pistachio::cli
