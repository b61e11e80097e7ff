#include "core/store/open_store.h"

#include <stdlib.h>
#include <uv.h>

#include <cassert>
#include <utility>

#include "core/store/local_store.h"
#include "core/store/redis_address.h"
#include "core/store/redis_store.h"

namespace pistachio {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kRedis = "redis";  // redis://, redis+unix:// and their kin

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
  if (options.report) {
    journal.report = [report = std::move(options.report)](const std::string& what) {
      report(Severity::error, what);
    };
  }
  auto store = LocalStore::open(options.store, *std::move(file), std::move(journal),
                                std::move(options.wake), options.now);
  if (!store) return tl::make_unexpected(std::move(store.error()));
  return OpenedStore{.store = *std::move(store), .shown = "file:" + absolute(directory)};
}

// How long a Redis that is loading its data is waited for.
constexpr Duration kLoading = std::chrono::seconds(30);

// How long what a server that died has left may lie where only other programs take.
constexpr Duration kRoundsEvery = std::chrono::minutes(1);

TimePoint now_of(uv_loop_t* loop) {
  return TimePoint(Duration(static_cast<std::int64_t>(uv_now(loop))));
}

// Turns the loop, in which nothing else is yet, until the store can be used or will never be.
std::optional<Error> wait_until_usable(RedisStore& store, uv_loop_t* loop) {
  constexpr std::uint64_t kLook = 10;  // milliseconds
  auto* const look = new uv_timer_t;
  uv_timer_init(loop, look);
  uv_timer_start(
      look, [](uv_timer_t*) {}, kLook, kLook);
  uv_update_time(loop);
  const auto give_up = Deadline::in(kLoading, now_of(loop));
  std::optional<Error> trouble;
  for (;;) {
    while (store.run(now_of(loop))) {
    }
    trouble = store.health();
    if (!trouble || !store.may_become_usable() || give_up.reached(now_of(loop))) break;
    uv_run(loop, UV_RUN_ONCE);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(look),
           [](uv_handle_t* closed) { delete reinterpret_cast<uv_timer_t*>(closed); });
  return trouble;
}

Expected<OpenedStore> open_redis(std::string_view url, OpenOptions options) {
  assert(options.loop != nullptr);
  auto address = RedisAddress::parse(url);
  if (!address) return tl::make_unexpected(std::move(address.error()));
  auto name_space = RedisKeys::check(options.name_space);
  if (!name_space) return tl::make_unexpected(std::move(name_space.error()));
  std::string shown = address->shown();
  auto store = std::make_unique<RedisStore>(
      options.loop, RedisStore::Options{.node = {.address = *std::move(address)},
                                        .store = options.store,
                                        .name_space = *std::move(name_space),
                                        .longest_wait = options.longest_wait,
                                        .rounds_every = kRoundsEvery,
                                        .report = std::move(options.report)});
  if (auto trouble = wait_until_usable(*store, options.loop)) {
    return tl::make_unexpected(*std::move(trouble));
  }
  return OpenedStore{.store = std::move(store), .shown = std::move(shown)};
}

}  // namespace

Expected<OpenedStore> open_store(std::string_view url, OpenOptions options) {
  if (url == "memory:") {
    return OpenedStore{.store = std::make_unique<LocalStore>(options.store), .shown = "memory:"};
  }
  if (url.starts_with(kFile) && url.size() > kFile.size()) {
    return open_file(std::string(url.substr(kFile.size())), std::move(options));
  }
  if (url.starts_with(kRedis)) return open_redis(url, std::move(options));
  return failure(Errc::bad_argument, "cannot open the store '" + std::string(url) +
                                         "': it is memory:, file:DIRECTORY or redis://HOST");
}

}  // namespace pistachio
