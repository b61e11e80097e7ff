#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/store/local_store.h"
#include "tests/support/store_rig.h"

namespace pistachio {

/// A directory of its own, gone with this object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What a file store under test is opened with. Nothing is held back and nothing is patient unless
/// a case asks for it: time stands still while a rig turns.
struct FileRigOptions {
  StoreOptions store = {};
  Duration hold_back = Duration::zero();
  Duration patience = Duration::zero();
  Duration gather = Duration::zero();
  ResidentBodies::Options memory = {};
  std::string name_space = {};
  std::uint64_t max_size = 0;
  std::string vfs = {};
};

/// A file store with a real disk and a real thread. Time is a number; the thread is waited for,
/// never guessed at.
class FileRig final : public StoreRig {
 public:
  /// `directory`: empty for one of its own. Fails the test when the store cannot be opened.
  explicit FileRig(FileRigOptions options, std::string directory = {});
  ~FileRig() override;

  Store& store() override { return *store_; }
  LocalStore& local() { return *store_; }
  TimePoint now() const override { return now_; }
  const std::string& directory() const { return directory_; }
  /// What the store had to tell a person.
  const std::vector<std::string>& reports() const { return reports_; }

  bool turn_until(const std::function<bool()>& done) override;
  void turn_until_idle() override;
  void skip(Duration span) override;
  /// One run, without waiting for the thread.
  void turn() { store_->run(now_); }
  /// Until the thread has told of something, for a few seconds at the most; then run() is worth it.
  bool wait_for_thread();

  /// The process ends in order and another begins `down` later, which may find other options.
  void restart(Duration down = Duration::zero());
  /// The process is killed: what is not in the file now is lost.
  void kill(Duration down = Duration::zero());
  FileRigOptions& options() { return options_; }

  /// Opens it again when it was closed; for cases that look at why that fails.
  Expected<std::unique_ptr<LocalStore>> open();
  void close() { store_.reset(); }

 private:
  FileRigOptions options_;
  std::vector<std::unique_ptr<TemporaryDirectory>> own_;
  std::string directory_;
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_now_{std::chrono::hours(24 * 365 * 50)};
  std::vector<std::string> reports_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool awake_ = false;

  std::unique_ptr<LocalStore> store_;
};

}  // namespace pistachio
