#include "core/store/store_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pistachio {
namespace {

Error cannot(const std::string& what, const std::string& path, const std::string& hint = {}) {
  return {Errc::unavailable, "cannot " + what + " " + path + ": " + std::strerror(errno) + hint};
}

// Like mkdir -p, for the owner only.
bool make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return true;
  const auto slash = path.find_last_of('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0) return false;
  return make_directories(path.substr(0, slash)) &&
         (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST);
}

std::string holder_of(int lock) {
  char text[32] = {};
  const ssize_t size = ::pread(lock, text, sizeof(text) - 1, 0);
  const std::string pid(text, size > 0 ? std::strcspn(text, "\n") : 0);
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

Expected<StoreDirectory> StoreDirectory::take(const std::string& path) {
  if (!make_directories(path)) {
    return tl::make_unexpected(cannot("make the store's directory", path,
                                      "; name one that can be made (--store file:DIR)"));
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return tl::make_unexpected(cannot("use the store's directory", path));
  }
  if (!S_ISDIR(status.st_mode)) {
    return failure(Errc::unavailable, "cannot use " + path +
                                          " as a store: it is not a directory; name one "
                                          "(--store file:DIR)");
  }
  const std::string name = path + "/lock";
  const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    return tl::make_unexpected(cannot("write", name,
                                      "; make the directory writable for the user who serves, or "
                                      "name another (--store file:DIR)"));
  }
  StoreDirectory directory(path, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return tl::make_unexpected(cannot("lock", name));
    return failure(Errc::unavailable, "cannot open the store " + path + ": " + holder_of(lock) +
                                          " serves from it; stop that one first, or name another "
                                          "directory (--store file:DIR)");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) != 0 ||
      ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // The lock holds without the name in it, on a full disk for one.
    if (errno != ENOSPC) return tl::make_unexpected(cannot("write", name));
  }
  struct stat ballast {};
  directory.ballast_loaded_ =
      ::stat(directory.ballast().c_str(), &ballast) == 0 && ballast.st_size == kBallast;
  return directory;
}

StoreDirectory::StoreDirectory(StoreDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      ballast_loaded_(other.ballast_loaded_) {}

StoreDirectory::~StoreDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

bool StoreDirectory::sync() const {
  const int directory = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  const bool synced = ::fsync(directory) == 0;
  ::close(directory);
  return synced;
}

bool StoreDirectory::load_ballast() {
  if (ballast_loaded_) return true;
  const int file = ::open(ballast().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  ballast_loaded_ = ::posix_fallocate(file, 0, kBallast) == 0;
  ::close(file);
  if (!ballast_loaded_) ::unlink(ballast().c_str());
  return ballast_loaded_;
}

void StoreDirectory::drop_ballast() {
  ::unlink(ballast().c_str());
  ballast_loaded_ = false;
}

}  // namespace pistachio
