#include "core/store/open_store.h"

#include "core/store/local_store.h"

namespace pistachio {

Expected<OpenedStore> open_store(std::string_view url, const StoreOptions& options) {
  if (url == "memory:") {
    return OpenedStore{.store = std::make_unique<LocalStore>(options), .shown = "memory:"};
  }
  return failure(Errc::bad_argument, "cannot open the store '" + std::string(url) +
                                         "': the store of this version is memory:");
}

}  // namespace pistachio
