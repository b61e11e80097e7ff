#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/store/journal_batch.h"
#include "core/store/sqlite_database.h"
#include "core/store/store_directory.h"

namespace pistachio {

/// Where and how a file store keeps what it keeps.
struct SqliteJournalOptions {
  std::string directory;
  /// Stands before the names of endpoints, with a colon, unless it is empty. Messages of other
  /// namespaces stay as they are.
  std::string name_space = {};
  std::uint64_t max_size = 0;  ///< bytes of the database; 0: what the disk has
  std::string vfs = {};        ///< SQLite's name of what stands for the system; for tests
};

/// The file of a file store: an SQLite database, alone in its directory with a lock and a ballast
/// file. It writes what it is told, in transactions that are on the disk when apply() returns, and
/// reads it back. It knows messages as rows and decides nothing about them.
///
/// For one thread at a time. Every function may take as long as the disk takes.
class SqliteJournal {
 public:
  /// Opens, or makes, the store of a directory. Where it cannot be used (held by another process,
  /// cut short, of a newer version, no room) the error is one clear line and its file is as it was.
  static Expected<std::unique_ptr<SqliteJournal>> open(SqliteJournalOptions options);

  /// All messages of this namespace in the order of their ids, then all its keys in the order in
  /// which they end. Errc::unavailable when the file is damaged; then it is left as it is.
  Expected<void> recover(const std::function<void(const SavedMessage&)>& message,
                         const std::function<void(const SavedKey&)>& key);

  /// Ids up to this may have been given to messages.
  std::uint64_t reserved() const { return reserved_; }

  /// Lets ids up to `id` be given out.
  Expected<void> reserve(std::uint64_t id);

  /// Writes all of it or nothing, as far as can be known: after Errc::unavailable it may yet be
  /// there. storage_full: there is no room for it; batches that only delete still find some. After
  /// any other error it opens the file anew and looks it over before the next batch.
  Expected<void> apply(const JournalBatch& batch);

  /// The bytes of those of these messages that have a row.
  FetchedBodies fetch(std::span<const std::uint64_t> ids);

  /// The last word: no id beyond `last_id` was given out. Best effort.
  void finish(std::uint64_t last_id);

 private:
  struct Statements {
    SqliteStatement begin_write;
    SqliteStatement begin_read;
    SqliteStatement commit;
    SqliteStatement insert;
    SqliteStatement insert_body;
    SqliteStatement change;
    SqliteStatement erase;
    SqliteStatement erase_body;
    SqliteStatement insert_key;
    SqliteStatement erase_key;
    SqliteStatement end_keys;
    SqliteStatement reserve;
    SqliteStatement fetch;
  };

  SqliteJournal(SqliteJournalOptions options, StoreDirectory directory)
      : options_(std::move(options)), directory_(std::move(directory)) {}

  Expected<void> make() const;
  Expected<void> connect();
  Expected<void> reconnect();
  Expected<void> prepare();
  Expected<void> write(const JournalBatch& batch);
  bool write_all(const JournalBatch& batch);
  bool write_row(const JournalBatch& batch, const JournalBatch::Row& row);
  Expected<void> make_room();
  Expected<void> damaged(const std::string& how);

  const SqliteJournalOptions options_;
  StoreDirectory directory_;
  std::optional<SqliteDatabase> database_;  // none after a failure, until it was opened again
  Statements statements_;                   // of database_; goes before it
  std::uint64_t reserved_ = 0;
  bool full_ = false;
};

}  // namespace pistachio
