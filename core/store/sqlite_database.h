#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pistachio {

class SqliteStatement;

/// One connection to an SQLite database, and what may go wrong with it in our words: storage_full
/// where there is no room, else unavailable; the message names the file, what was done with it and
/// the cause. For one thread at a time.
class SqliteDatabase {
 public:
  /// `vfs`: empty for the system's own. The file must be there unless `create`.
  static Expected<SqliteDatabase> open(const std::string& path, bool create,
                                       const std::string& vfs);

  SqliteDatabase(SqliteDatabase&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}
  SqliteDatabase& operator=(SqliteDatabase&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(path_, other.path_);
    return *this;
  }
  /// All statements must have gone before. Merges the log into the file, unless leave_as_it_is().
  ~SqliteDatabase();

  /// Whether closing it changes no byte of the file.
  void leave_as_it_is(bool whether);

  /// Runs statements that answer nothing of interest. `what` completes "cannot … the store".
  Expected<void> execute(const std::string& sql, std::string_view what);

  /// The number that a statement answers in its column `column` of its first row.
  Expected<std::int64_t> number(const std::string& sql, std::string_view what, int column = 0);

  Expected<SqliteStatement> prepare(std::string_view sql);

  /// A transaction is open.
  bool in_transaction() const;

  /// What the last failed call came to.
  Error error(std::string_view what) const;

 private:
  SqliteDatabase(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_ = nullptr;
  std::string path_;
};

/// A prepared statement, used again and again: bind, step until it says false, and it is ready for
/// the next time. Its database must outlive it.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  SqliteStatement(SqliteStatement&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)) {}
  SqliteStatement& operator=(SqliteStatement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~SqliteStatement();

  // Parameters are counted from 1. Texts and blobs must stay as they are until the step.
  void bind(int at, std::int64_t value);
  void bind(int at, std::uint64_t value) { bind(at, static_cast<std::int64_t>(value)); }
  void bind(int at, std::optional<std::int64_t> value);
  void bind_text(int at, std::string_view value);
  void bind_blob(int at, std::string_view value);
  void bind_null(int at);

  /// One step: true when there is a row to look at; false when it has ended, well or not (see
  /// failed()), and was made ready for the next time.
  bool step();
  /// How the last one ended.
  bool failed() const { return failed_; }
  /// Runs one that has no rows. False when it failed.
  bool run() {
    while (step()) {
    }
    return !failed_;
  }
  /// Before the last row was reached.
  void stop();

  // Columns of the row, from 0. Views end with the next step.
  std::int64_t number(int column) const;
  std::optional<std::int64_t> optional_number(int column) const;
  std::string_view bytes(int column) const;
  bool is_null(int column) const;

 private:
  friend class SqliteDatabase;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  sqlite3_stmt* statement_ = nullptr;
  bool failed_ = false;
};

}  // namespace pistachio
