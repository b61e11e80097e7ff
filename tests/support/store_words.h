#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/store/store.h"
#include "core/store/store_totals.h"
#include "tests/support/store_model.h"

namespace pistachio {

// What is seen of a store, or of the model of one, as text: two that look the same are the same,
// and where they differ a person can read how.

std::string show(const Expected<Pushed>& pushed);
std::string show(const MessageView& view, MessageState state);
std::string show(const StoreModel::Message& message, TimePoint now);
std::string show(const EndpointCounts& counts);
/// What the bell rang for: names and how many messages.
std::string show(const std::map<std::string, std::size_t>& rung);
std::string show(const StoreTotals& totals);
/// When something is due; nothing when it never is.
std::string show(std::optional<TimePoint> at);

}  // namespace pistachio
