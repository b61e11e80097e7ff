#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/store/store.h"

namespace pistachio {

/// A store that can be used, and the words that name it in the line that tells of the start
/// ("memory:").
struct OpenedStore {
  std::unique_ptr<Store> store;
  std::string shown;
};

/// Opens what `url` names. The error says which URLs there are, or why this one cannot be opened.
Expected<OpenedStore> open_store(std::string_view url, const StoreOptions& options);

}  // namespace pistachio
