#include "core/store/sqlite_database.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>

namespace pistachio {
namespace {

// Somebody else may hold the file's write lock for a moment (a person at `sqlite3`).
constexpr int kBusyTimeout = 5000;  // milliseconds

Errc code_of(int result) {
  return (result & 0xff) == SQLITE_FULL ? Errc::storage_full : Errc::unavailable;
}

Error error_of(sqlite3* handle, int result, const std::string& path, std::string_view what) {
  std::string text = "cannot " + std::string(what) + " the store " + path + ": ";
  text += handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(result);
  const int system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  if (system != 0 && (result & 0xff) != SQLITE_BUSY) {
    text += std::string(" (") + std::strerror(system) + ")";
  }
  if ((result & 0xff) == SQLITE_READONLY || system == EACCES || system == EPERM ||
      system == EROFS) {
    text +=
        "; make it and its directory writable for the user who serves, or name another "
        "directory (--store file:DIR)";
  }
  return {code_of(result), std::move(text)};
}

}  // namespace

Expected<SqliteDatabase> SqliteDatabase::open(const std::string& path, bool create,
                                              const std::string& vfs) {
  // Statistics of its memory would cost a lock each time it allocates. This is for the whole
  // process, and too late once anything is open: then it changes nothing.
  [[maybe_unused]] static const int no_statistics = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (result != SQLITE_OK) {
    Error error = error_of(handle, result, path, "open");
    sqlite3_close_v2(handle);
    return tl::make_unexpected(std::move(error));
  }
  sqlite3_busy_timeout(handle, kBusyTimeout);
  return SqliteDatabase(handle, path);
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close_v2(handle_); }

void SqliteDatabase::leave_as_it_is(bool whether) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, whether ? 1 : 0, nullptr);
}

Expected<void> SqliteDatabase::execute(const std::string& sql, std::string_view what) {
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return tl::make_unexpected(error(what));
  return {};
}

Expected<std::int64_t> SqliteDatabase::number(const std::string& sql, std::string_view what,
                                              int column) {
  auto statement = prepare(sql);
  if (!statement) return tl::make_unexpected(std::move(statement.error()));
  if (!statement->step()) {
    if (statement->failed()) return tl::make_unexpected(error(what));
    return failure(Errc::unavailable,
                   "cannot " + std::string(what) + " the store " + path_ + ": a row is missing");
  }
  const std::int64_t value = statement->number(column);
  statement->stop();
  return value;
}

Expected<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return tl::make_unexpected(error("read"));
  return SqliteStatement(statement);
}

bool SqliteDatabase::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Error SqliteDatabase::error(std::string_view what) const {
  return error_of(handle_, sqlite3_extended_errcode(handle_), path_, what);
}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

void SqliteStatement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(statement_, at, value);
}

void SqliteStatement::bind(int at, std::optional<std::int64_t> value) {
  value ? bind(at, *value) : bind_null(at);
}

void SqliteStatement::bind_text(int at, std::string_view value) {
  sqlite3_bind_text64(statement_, at, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

// A null pointer would bind NULL, which an empty body is not.
void SqliteStatement::bind_blob(int at, std::string_view value) {
  sqlite3_bind_blob64(statement_, at, value.empty() ? "" : value.data(), value.size(),
                      SQLITE_STATIC);
}

void SqliteStatement::bind_null(int at) { sqlite3_bind_null(statement_, at); }

bool SqliteStatement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  failed_ = result != SQLITE_DONE;
  sqlite3_reset(statement_);
  return false;
}

void SqliteStatement::stop() { sqlite3_reset(statement_); }

std::int64_t SqliteStatement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::optional<std::int64_t> SqliteStatement::optional_number(int column) const {
  if (is_null(column)) return std::nullopt;
  return number(column);
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view SqliteStatement::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace pistachio
