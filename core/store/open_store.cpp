#include "core/store/open_store.h"

#include <stdlib.h>

#include <utility>

#include "core/store/local_store.h"

namespace pistachio {
namespace {

constexpr std::string_view kFile = "file:";

// For people: where a relative name leads.
std::string absolute(const std::string& path) {
  char* const resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string text = resolved;
  ::free(resolved);
  return text;
}

Expected<OpenedStore> open_file(const std::string& directory, OpenOptions options) {
  auto file = SqliteJournal::open({.directory = directory,
                                   .name_space = options.name_space,
                                   .max_size = options.max_store_size});
  if (!file) return tl::make_unexpected(std::move(file.error()));
  Journal::Options journal;
  journal.memory.budget = options.memory_budget;
  journal.directory = directory;
  journal.name_space = options.name_space;
  journal.clock = {options.now, options.wall_now};
  journal.report = std::move(options.report);
  auto store = LocalStore::open(options.store, *std::move(file), std::move(journal),
                                std::move(options.wake), options.now);
  if (!store) return tl::make_unexpected(std::move(store.error()));
  return OpenedStore{.store = *std::move(store), .shown = "file:" + absolute(directory)};
}

}  // namespace

Expected<OpenedStore> open_store(std::string_view url, OpenOptions options) {
  if (url == "memory:") {
    return OpenedStore{.store = std::make_unique<LocalStore>(options.store), .shown = "memory:"};
  }
  if (url.starts_with(kFile) && url.size() > kFile.size()) {
    return open_file(std::string(url.substr(kFile.size())), std::move(options));
  }
  return failure(Errc::bad_argument, "cannot open the store '" + std::string(url) +
                                         "': it is memory: or file:DIRECTORY");
}

}  // namespace pistachio
