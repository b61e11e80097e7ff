#include "core/store/endpoint_troubles.h"

#include <utility>

namespace pistachio {

void EndpointTroubles::failed(const EndpointName& endpoint, Error error) {
  const bool logged = endpoints_.size() < kMostLogged && report_;
  const auto [found, is_new] = endpoints_.try_emplace(endpoint, Trouble{error, logged});
  if (!is_new) {
    found->second.error = std::move(error);
  } else if (logged) {
    report_(Severity::error, error.message);
  }
}

void EndpointTroubles::went_well(const EndpointName& endpoint) {
  if (endpoints_.empty()) return;  // nearly always
  const auto found = endpoints_.find(endpoint);
  if (found == endpoints_.end()) return;
  const bool logged = found->second.logged;
  endpoints_.erase(found);
  if (logged)
    report_(Severity::info, "what is due at endpoint " + endpoint.text() + " is handed out again");
}

const Error* EndpointTroubles::of(const EndpointName& endpoint) const {
  if (endpoints_.empty()) return nullptr;
  const auto found = endpoints_.find(endpoint);
  return found == endpoints_.end() ? nullptr : &found->second.error;
}

}  // namespace pistachio
