#include "cli/upkeep.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/enquiry.h"
#include "cli/exit_status.h"
#include "core/endpoint_name.h"

namespace pistachio::cli {
namespace {

// "3 messages", of the number that the server gave under `name`.
std::string messages(const std::string& body, const char* name) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains(name)) return "an unknown number of messages";
  const std::string number = answer[name].dump();
  return number + (number == "1" ? " message" : " messages");
}

// True when the person at the terminal says yes.
bool confirmed(const std::string& question, const Surroundings& surroundings) {
  surroundings.err << question << " [y/N] " << std::flush;
  char answer = 'n';
  return ::read(surroundings.in, &answer, 1) == 1 && (answer == 'y' || answer == 'Y');
}

}  // namespace

int purge(const PurgeOptions& options, const Surroundings& surroundings) {
  Enquiry enquiry("purge", surroundings);
  if (const auto wrong = enquiry.check_name(options.endpoint)) return *wrong;
  if (const auto wrong = enquiry.open(options.server)) return *wrong;
  const bool asks = !options.yes && options.id.empty() && surroundings.err_is_terminal &&
                    ::isatty(surroundings.in) == 1;
  if (asks && !confirmed("Remove all messages from " + options.endpoint + "?", surroundings)) {
    return enquiry.say(kFailed, "nothing was removed");
  }
  const std::string which = options.id.empty() ? "" : "?id=" + percent_encode(options.id);
  const auto body = enquiry.ask("DELETE", "/" + options.endpoint + which);
  if (!body) return body.error();
  return enquiry.say(kDone, messages(*body, "purged") + " removed from " + options.endpoint);
}

int redrive(const RedriveOptions& options, const Surroundings& surroundings) {
  Enquiry enquiry("redrive", surroundings);
  if (const auto wrong = enquiry.check_name(options.endpoint)) return *wrong;
  if (const auto wrong = enquiry.open(options.server)) return *wrong;
  const auto name = EndpointName::parse(options.endpoint).value();
  const auto dead = name.is_dead() ? name : name.dead();
  const auto body = enquiry.ask("POST", "/" + dead.text() + "?redrive=1");
  if (!body) return body.error();
  return enquiry.say(kDone, messages(*body, "moved") + " moved back to " + dead.alive().text());
}

}  // namespace pistachio::cli
