#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"

namespace pistachio {

/// A directory that this process alone serves from, and the files in it. Nobody else can take() it
/// until this object has gone, or the process has ended in whatever way.
///
///   lock      who holds the directory: a file lock, and the process id as text
///   messages.db, -wal, -shm      the database
///   ballast   room for what must be written on a full disk: see below
class StoreDirectory {
 public:
  /// Makes the directory, for its owner only, where it is not there. Errc::unavailable when it
  /// cannot be used; the message says why and, if another process holds it, which.
  static Expected<StoreDirectory> take(const std::string& path);

  StoreDirectory(StoreDirectory&& other) noexcept;
  StoreDirectory& operator=(StoreDirectory&&) = delete;
  ~StoreDirectory();

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/messages.db"; }

  /// Makes what was done to the names in the directory survive a power cut.
  bool sync() const;

  /// Bytes that are set aside so that messages can be settled, which is a write, while the disk is
  /// full: more than the database's log takes before it is merged.
  static constexpr std::int64_t kBallast = 8 << 20;

  /// Sets them aside if that was not done; false when there is no room.
  bool load_ballast();
  /// Gives them up.
  void drop_ballast();

 private:
  StoreDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string ballast() const { return path_ + "/ballast"; }

  std::string path_;
  int lock_;
  bool ballast_loaded_ = false;
};

}  // namespace pistachio
