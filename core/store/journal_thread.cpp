#include "core/store/journal_thread.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace pistachio {

JournalThread::JournalThread(std::unique_ptr<SqliteJournal> file, std::function<void()> wake)
    : file_(std::move(file)), wake_(std::move(wake)) {
  // Signals are the loop's business: this thread takes none.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

JournalThread::~JournalThread() { end(); }

void JournalThread::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  given_.notify_one();
  thread_.join();
}

void JournalThread::finish(std::uint64_t last_id) {
  end();
  if (file_) file_->finish(last_id);
  file_.reset();
}

void JournalThread::write(JournalBatch&& batch) {
  writing_ = true;
  {
    const std::lock_guard lock(mutex_);
    to_write_ = std::move(batch);
  }
  given_.notify_one();
}

void JournalThread::fetch(std::uint64_t number, std::vector<std::uint64_t> ids) {
  ++fetching_;
  {
    const std::lock_guard lock(mutex_);
    to_fetch_.push_back({number, std::move(ids)});
  }
  given_.notify_one();
}

std::optional<JournalThread::Written> JournalThread::written() {
  const std::lock_guard lock(mutex_);
  news_.store(!fetched_.empty(), std::memory_order_release);
  if (!written_) return std::nullopt;
  writing_ = false;
  return std::exchange(written_, std::nullopt);
}

std::vector<JournalThread::Fetched> JournalThread::fetched() {
  const std::lock_guard lock(mutex_);
  news_.store(written_.has_value(), std::memory_order_release);
  fetching_ -= fetched_.size();
  return std::exchange(fetched_, {});
}

JournalThread::Written JournalThread::wait_until_written() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return written_.has_value(); });
  writing_ = false;
  Written written = *std::move(written_);
  written_.reset();
  return written;
}

void JournalThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    given_.wait(lock, [this] { return ending_ || to_write_ || !to_fetch_.empty(); });
    if (!to_fetch_.empty()) {
      // A listener waits for these; a batch waits for the disk anyway.
      for (const Fetch& fetch : std::exchange(to_fetch_, {})) {
        lock.unlock();
        Fetched fetched{fetch.number, file_->fetch(fetch.ids)};
        lock.lock();
        fetched_.push_back(std::move(fetched));
      }
    } else if (to_write_) {
      JournalBatch batch = *std::move(to_write_);
      to_write_.reset();
      lock.unlock();
      Expected<void> result = file_->apply(batch);
      lock.lock();
      written_ = Written{std::move(batch), std::move(result)};
    } else {
      return;
    }
    news_.store(true, std::memory_order_release);
    lock.unlock();
    done_.notify_one();
    wake_();
    lock.lock();
  }
}

}  // namespace pistachio
