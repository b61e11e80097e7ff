#include "tests/support/faulty_vfs.h"

#include <sqlite3.h>

#include <chrono>
#include <cstring>
#include <new>

namespace pistachio {
namespace {

// A file of ours, and behind it in the same memory the file of the system's.
struct FaultyFile {
  sqlite3_file base;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

FaultyFile* faulty(sqlite3_file* file) { return reinterpret_cast<FaultyFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return faulty(file)->real(); }
sqlite3_vfs* system_vfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return vfs;
}

// Whether one of a number that are left was there to take.
bool spent(std::atomic<int>& left) {
  int now = left.load();
  while (now > 0 && !left.compare_exchange_weak(now, now - 1)) {
  }
  return now == 0;
}

int close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  if (FaultyDisk::instance().unreadable) return SQLITE_IOERR_READ;
  return real(file)->pMethods->xRead(real(file), to, size, at);
}
int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  FaultyDisk& disk = FaultyDisk::instance();
  if (spent(disk.writes_left)) return SQLITE_IOERR_WRITE;
  if (const long long largest = disk.largest; largest != 0 && at + size > largest) {
    sqlite3_int64 end = 0;
    real(file)->pMethods->xFileSize(real(file), &end);
    if (at + size > end) return SQLITE_FULL;
  }
  return real(file)->pMethods->xWrite(real(file), from, size, at);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return real(file)->pMethods->xTruncate(real(file), size);
}
int sync(sqlite3_file* file, int flags) {
  FaultyDisk& disk = FaultyDisk::instance();
  disk.pass_gate();
  if (spent(disk.syncs_left)) return SQLITE_IOERR_FSYNC;
  return real(file)->pMethods->xSync(real(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock(sqlite3_file* file, int how) { return real(file)->pMethods->xLock(real(file), how); }
int unlock(sqlite3_file* file, int how) { return real(file)->pMethods->xUnlock(real(file), how); }
int check_lock(sqlite3_file* file, int* result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
int control(sqlite3_file* file, int what, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int device(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** at) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, at);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods kMethods = {2,           close,       read,    write,   truncate,
                                     sync,        file_size,   lock,    unlock,  check_lock,
                                     control,     sector_size, device,  shm_map, shm_lock,
                                     shm_barrier, shm_unmap,   nullptr, nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* const mine = new (file) FaultyFile();
  const int result = system_vfs()->xOpen(system_vfs(), name, mine->real(), flags, out_flags);
  mine->base.pMethods = mine->real()->pMethods != nullptr ? &kMethods : nullptr;
  return result;
}

}  // namespace

FaultyDisk& FaultyDisk::instance() {
  static FaultyDisk disk;
  return disk;
}

FaultyDisk::FaultyDisk() {
  static sqlite3_vfs vfs = *system_vfs();
  vfs.zName = name();
  vfs.pNext = nullptr;
  vfs.szOsFile = static_cast<int>(sizeof(FaultyFile)) + system_vfs()->szOsFile;
  vfs.xOpen = open;
  sqlite3_vfs_register(&vfs, 0);
}

void FaultyDisk::heal() {
  largest = 0;
  writes_left = -1;
  syncs_left = -1;
  unreadable = false;
  open_gate();
}

void FaultyDisk::close_gate() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

void FaultyDisk::open_gate() {
  const std::lock_guard lock(mutex_);
  closed_ = false;
  changed_.notify_all();
}

bool FaultyDisk::wait_for_sync_at_gate() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return waiting_ > 0; });
}

void FaultyDisk::pass_gate() {
  std::unique_lock lock(mutex_);
  if (!closed_) return;
  ++waiting_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !closed_; });
  --waiting_;
}

}  // namespace pistachio
