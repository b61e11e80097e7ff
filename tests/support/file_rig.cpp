#include "tests/support/file_rig.h"

#include <stdlib.h>

#include "tests/support/catch.h"

namespace pistachio {
namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (fs::temp_directory_path() / "pistachio-test-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

FileRig::FileRig(FileRigOptions options, std::string directory) : options_(std::move(options)) {
  if (directory.empty()) {
    own_.push_back(std::make_unique<TemporaryDirectory>());
    directory = own_.back()->path() + "/store";
  }
  directory_ = std::move(directory);
  auto store = open();
  INFO((store ? std::string() : store.error().message));
  REQUIRE(store.has_value());
  store_ = *std::move(store);
}

FileRig::~FileRig() = default;

Expected<std::unique_ptr<LocalStore>> FileRig::open() {
  auto file = SqliteJournal::open({.directory = directory_,
                                   .name_space = options_.name_space,
                                   .max_size = options_.max_size,
                                   .vfs = options_.vfs});
  if (!file) return tl::make_unexpected(std::move(file.error()));
  Journal::Options journal;
  journal.hold_back = options_.hold_back;
  journal.patience = options_.patience;
  journal.gather = options_.gather;
  journal.memory = options_.memory;
  journal.directory = directory_;
  journal.name_space = options_.name_space;
  journal.clock = {now_, wall_now_};
  journal.report = [this](const std::string& what) { reports_.push_back(what); };
  const auto wake = [this] {
    const std::lock_guard lock(mutex_);
    awake_ = true;
    woken_.notify_one();
  };
  return LocalStore::open(options_.store, *std::move(file), std::move(journal), wake, now_);
}

bool FileRig::wait_for_thread() {
  std::unique_lock lock(mutex_);
  const bool woken = woken_.wait_for(lock, std::chrono::seconds(20), [this] { return awake_; });
  awake_ = false;
  return woken;
}

bool FileRig::turn_until(const std::function<bool()>& done) {
  while (!done()) {
    if (store_->run(now_)) continue;
    if (!store_->waits_for_disk()) return done();
    if (!wait_for_thread()) return false;
  }
  return true;
}

void FileRig::turn_until_idle() {
  REQUIRE_FALSE(turn_until([] { return false; }));
}

void FileRig::skip(Duration span) {
  now_ += span;
  wall_now_ += span;
}

void FileRig::restart(Duration down) {
  store_.reset();
  // Another process, another monotonic clock.
  now_ += std::chrono::hours(7) + down;
  wall_now_ += down;
  auto store = open();
  INFO((store ? std::string() : store.error().message));
  REQUIRE(store.has_value());
  store_ = *std::move(store);
}

void FileRig::kill(Duration down) {
  // As the disk would be found: the files as they are, while the store has them open.
  own_.push_back(std::make_unique<TemporaryDirectory>());
  const std::string found = own_.back()->path() + "/store";
  fs::create_directory(found);
  for (const char* const name : {"messages.db", "messages.db-wal", "ballast"}) {
    if (fs::exists(directory_ + "/" + name))
      fs::copy_file(directory_ + "/" + name, found + "/" + name);
  }
  store_.reset();
  directory_ = found;
  restart(down);
}

}  // namespace pistachio
