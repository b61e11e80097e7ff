#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/store/journal_batch.h"
#include "core/store/sqlite_journal.h"

namespace pistachio {

/// The thread that waits for the disk, so that the loop's need not. One batch is under way at a
/// time; what is to be fetched goes before it. All functions are for the loop's thread.
class JournalThread {
 public:
  struct Written {
    JournalBatch batch;  ///< as it was given
    Expected<void> result;
  };
  struct Fetched {
    std::uint64_t number;  ///< as it was given
    FetchedBodies bodies;
  };

  /// `wake` is called on the other thread whenever there is something to collect.
  JournalThread(std::unique_ptr<SqliteJournal> file, std::function<void()> wake);
  /// Waits until what it was given has been done.
  ~JournalThread();
  JournalThread(const JournalThread&) = delete;
  JournalThread& operator=(const JournalThread&) = delete;

  /// A batch is under way, or its result has not been collected.
  bool writing() const { return writing_; }
  /// So is something to be fetched.
  bool fetching() const { return fetching_ > 0; }

  /// Not while writing().
  void write(JournalBatch&& batch);
  void fetch(std::uint64_t number, std::vector<std::uint64_t> ids);

  /// There may be something to collect.
  bool has_news() const { return news_.load(std::memory_order_acquire); }
  std::optional<Written> written();
  std::vector<Fetched> fetched();

  /// Blocks until the batch under way has been written, or not; there must be one.
  Written wait_until_written();

  /// Ends the thread, then tells the file that no id beyond `last_id` was given out, and closes it.
  void finish(std::uint64_t last_id);

 private:
  struct Fetch {
    std::uint64_t number;
    std::vector<std::uint64_t> ids;
  };

  void work();
  void end();

  // The other thread's while it runs.
  std::unique_ptr<SqliteJournal> file_;
  const std::function<void()> wake_;

  // The loop's.
  bool writing_ = false;
  std::size_t fetching_ = 0;

  std::atomic<bool> news_ = false;

  std::mutex mutex_;  // guards what follows: the one hand-over between the two
  std::condition_variable given_;
  std::condition_variable done_;
  std::optional<JournalBatch> to_write_;
  std::vector<Fetch> to_fetch_;
  std::optional<Written> written_;
  std::vector<Fetched> fetched_;
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace pistachio
