#include "core/store/sqlite_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/store/payload.h"
#include "core/store/sqlite_log.h"
#include "core/store/sqlite_schema.h"

namespace pistachio {
namespace {

constexpr std::int64_t kPageSize = 4096;

// Pages in the log before they are merged into the file: enough to spread that cost, and with a
// batch less than the ballast, which must be enough to write a log anew.
constexpr int kLogPages = 1000;

// Unless overwritten, what was deleted stays readable in free pages: zeroing it would double the
// writes. FULL: a commit is on the disk when it returns. The cache is for the tables' inner pages.
const std::string kSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF;"
    "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096; PRAGMA wal_autocheckpoint = " +
    std::to_string(kLogPages);

// Bodies of so many bytes and more are in a table of their own. A start reads every page of the
// other: so what it reads grows with the number of messages, not with their bytes. A smaller body
// would pay more for a second row than it takes to read past it.
constexpr std::size_t kApart = 256;

constexpr char kInsert[] =
    "INSERT OR REPLACE INTO messages (id, endpoint, place, arrival, attempts, pushed_at, "
    "hidden_until, expires_at, content_type, body, body_size) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kChange[] =
    "UPDATE messages SET endpoint = ?2, place = ?3, arrival = ?4, attempts = ?5, pushed_at = ?6, "
    "hidden_until = ?7, expires_at = ?8 WHERE id = ?1";
constexpr char kRecover[] =
    "SELECT id, endpoint, place, arrival, attempts, pushed_at, hidden_until, expires_at, "
    "content_type, coalesce(body_size, length(body)) FROM messages ORDER BY id";
constexpr char kFetch[] =
    "SELECT messages.id, content_type, CASE WHEN body_size IS NULL THEN messages.body "
    "ELSE bodies.body END FROM messages LEFT JOIN bodies ON bodies.id = messages.id "
    "WHERE messages.id BETWEEN ? AND ? ORDER BY messages.id";
constexpr char kRecoverKeys[] =
    "SELECT ends_at, endpoint, key, fingerprint, first_id, count FROM idempotency_keys "
    "ORDER BY ends_at";

// The name without its namespace; nothing when it belongs to another one.
std::optional<std::string_view> own_name(std::string_view name, const std::string& name_space) {
  if (!name_space.empty()) {
    if (!name.starts_with(name_space) || name.size() <= name_space.size() ||
        name[name_space.size()] != ':') {
      return std::nullopt;
    }
    name.remove_prefix(name_space.size() + 1);
  }
  if (name.find(':') != std::string_view::npos) return std::nullopt;
  return name;
}

// What comes together mostly goes together: ids in a row cost one statement, not one each.
// False when it failed.
bool erase(SqliteStatement& statement, const std::vector<JournalBatch::Deleted>& deleted,
           std::size_t least_size) {
  for (std::size_t first = 0; first < deleted.size(); ++first) {
    if (deleted[first].body_size < least_size) continue;
    std::size_t last = first;
    while (last + 1 < deleted.size() && deleted[last + 1].id == deleted[last].id + 1 &&
           deleted[last + 1].body_size >= least_size) {
      ++last;
    }
    statement.bind(1, deleted[first].id);
    statement.bind(2, deleted[last].id);
    if (!statement.run()) return false;
    first = last;
  }
  return true;
}

}  // namespace

Expected<std::unique_ptr<SqliteJournal>> SqliteJournal::open(SqliteJournalOptions options) {
  auto directory = StoreDirectory::take(options.directory);
  if (!directory) return tl::make_unexpected(std::move(directory.error()));
  std::unique_ptr<SqliteJournal> journal(
      new SqliteJournal(std::move(options), *std::move(directory)));
  const std::string path = journal->directory_.database();
  const bool there = ::access(path.c_str(), F_OK) == 0;
  const auto ready = there ? examine_database(path) : journal->make();
  if (!ready) return tl::make_unexpected(ready.error());
  if (const auto connected = journal->connect(); !connected) {
    return tl::make_unexpected(connected.error());
  }
  auto reserved = journal->database_->number("SELECT reserved FROM ids", "read");
  if (!reserved) return tl::make_unexpected(std::move(reserved.error()));
  journal->reserved_ = static_cast<std::uint64_t>(*reserved);
  journal->full_ = !journal->directory_.load_ballast();
  return journal;
}

// Under another name until it is complete: a database that is there is a whole one.
Expected<void> SqliteJournal::make() const {
  const std::string path = directory_.database();
  if (auto none = expect_no_log(path); !none) return none;
  const std::string fresh = path + ".new";
  for (const char* const part : {"", "-wal", "-shm", "-journal"}) ::unlink((fresh + part).c_str());
  // For its owner only, as will be what SQLite puts beside it.
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    return failure(Errc::unavailable,
                   "cannot make the store " + fresh + ": " + std::strerror(errno));
  }
  ::close(file);
  {
    auto database = SqliteDatabase::open(fresh, true, options_.vfs);
    if (!database) return tl::make_unexpected(std::move(database.error()));
    if (auto set = database->execute(kSettings, "set up"); !set) return set;
    if (auto made = migrate(*database, fresh); !made) return made;
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0 || !directory_.sync()) {
    return failure(Errc::unavailable,
                   "cannot make the store " + path + ": " + std::strerror(errno));
  }
  return {};
}

Expected<void> SqliteJournal::connect() {
  auto database = SqliteDatabase::open(directory_.database(), false, options_.vfs);
  if (!database) return tl::make_unexpected(std::move(database.error()));
  database_ = *std::move(database);
  database_->leave_as_it_is(true);  // until it is known to be good
  std::string settings = kSettings;
  if (options_.max_size != 0) {
    settings += "; PRAGMA max_page_count = " +
                std::to_string(std::max<std::int64_t>(
                    1, static_cast<std::int64_t>(options_.max_size) / kPageSize));
  }
  auto done = database_->execute(settings, "open");
  if (done) done = migrate(*database_, directory_.database());
  if (done) done = prepare();
  if (!done) {
    statements_ = {};
    database_.reset();
  }
  return done;
}

Expected<void> SqliteJournal::prepare() {
  const std::pair<SqliteStatement*, const char*> all[] = {
      {&statements_.begin_write, "BEGIN IMMEDIATE"},
      {&statements_.begin_read, "BEGIN"},
      {&statements_.commit, "COMMIT"},
      {&statements_.insert, kInsert},
      {&statements_.insert_body, "INSERT OR REPLACE INTO bodies (id, body) VALUES (?, ?)"},
      {&statements_.change, kChange},
      {&statements_.erase, "DELETE FROM messages WHERE id BETWEEN ? AND ?"},
      {&statements_.erase_body, "DELETE FROM bodies WHERE id BETWEEN ? AND ?"},
      {&statements_.insert_key,
       "INSERT OR REPLACE INTO idempotency_keys (ends_at, endpoint, key, fingerprint, first_id, "
       "count) VALUES (?, ?, ?, ?, ?, ?)"},
      {&statements_.erase_key,
       "DELETE FROM idempotency_keys WHERE ends_at = ? AND endpoint = ? AND key = ?"},
      {&statements_.end_keys, "DELETE FROM idempotency_keys WHERE ends_at <= ?"},
      {&statements_.reserve, "UPDATE ids SET reserved = ?"},
      {&statements_.fetch, kFetch}};
  for (const auto& [statement, sql] : all) {
    auto prepared = database_->prepare(sql);
    if (!prepared) return tl::make_unexpected(std::move(prepared.error()));
    *statement = *std::move(prepared);
  }
  return {};
}

// What a failed write left in the system's cache may never have come to the disk, whatever reads
// say: merging the log writes all of it once more.
Expected<void> SqliteJournal::reconnect() {
  if (auto connected = connect(); !connected) return connected;
  auto check = database_->prepare("PRAGMA quick_check(1)");
  if (!check) return tl::make_unexpected(std::move(check.error()));
  const bool answered = check->step();
  const bool good = answered && check->bytes(0) == "ok";
  const std::string found = answered ? std::string(check->bytes(0)) : "no answer";
  check->stop();
  *check = SqliteStatement();
  Expected<void> done;
  if (!good) {
    done =
        failure(Errc::unavailable, "cannot use the store " + directory_.database() +
                                       ": it is damaged (" + found + "); restore it from a copy");
  } else {
    done = database_->execute("PRAGMA wal_checkpoint(TRUNCATE)", "merge the log of");
  }
  if (!done) {
    statements_ = {};
    database_.reset();
    return done;
  }
  database_->leave_as_it_is(false);
  return {};
}

Expected<void> SqliteJournal::damaged(const std::string& how) {
  return failure(Errc::unavailable, "cannot use the store " + directory_.database() +
                                        ": it is damaged (" + how +
                                        "); restore it from a copy, or move it away to begin anew");
}

Expected<void> SqliteJournal::recover(const std::function<void(const SavedMessage&)>& message,
                                      const std::function<void(const SavedKey&)>& key) {
  auto rows = database_->prepare(kRecover);
  if (!rows) return tl::make_unexpected(std::move(rows.error()));
  while (rows->step()) {
    const auto name = own_name(rows->bytes(1), options_.name_space);
    if (!name) continue;
    SavedMessage saved;
    const std::int64_t id = rows->number(0);
    saved.id = static_cast<std::uint64_t>(id);
    saved.endpoint = *name;
    saved.place = static_cast<std::uint64_t>(rows->number(2));
    saved.arrival = static_cast<std::uint64_t>(rows->number(3));
    saved.attempts = static_cast<std::uint32_t>(rows->number(4));
    saved.pushed_at = rows->number(5);
    saved.hidden_until = rows->optional_number(6);
    saved.expires_at = rows->optional_number(7);
    saved.type_size = rows->bytes(8).size();
    saved.body_size = static_cast<std::size_t>(rows->number(9));
    if (id <= 0 || saved.arrival == 0 || saved.type_size > Payload::kMaxType ||
        saved.body_size > Payload::kMaxBody) {
      return damaged("message " + std::to_string(id) + " makes no sense");
    }
    message(saved);
  }
  if (rows->failed()) return tl::make_unexpected(database_->error("read"));
  auto keys = database_->prepare(kRecoverKeys);
  if (!keys) return tl::make_unexpected(std::move(keys.error()));
  while (keys->step()) {
    const auto name = own_name(keys->bytes(1), options_.name_space);
    if (!name) continue;
    key({keys->number(0), *name, keys->bytes(2), keys->bytes(3),
         static_cast<std::uint64_t>(keys->number(4)), static_cast<std::uint64_t>(keys->number(5))});
  }
  if (keys->failed()) return tl::make_unexpected(database_->error("read"));
  database_->leave_as_it_is(false);
  return {};
}

Expected<void> SqliteJournal::apply(const JournalBatch& batch) {
  if (!database_) {
    if (auto again = reconnect(); !again) return again;
  }
  bool grows = !batch.keys.empty();
  for (const JournalBatch::Row& row : batch.rows) grows = grows || row.whole;
  if (full_ && grows && !directory_.load_ballast()) {
    return failure(Errc::storage_full, "cannot write to the store " + directory_.database() +
                                           ": there is no room on its disk");
  }
  auto done = write(batch);
  if (!done && done.error().code == Errc::storage_full) {
    full_ = true;
    if (auto room = make_room(); !room) return room;
    if (!grows) done = write(batch);
  }
  if (done && grows) full_ = false;
  return done;
}

Expected<void> SqliteJournal::make_room() {
  directory_.drop_ballast();
  return database_->execute("PRAGMA wal_checkpoint(TRUNCATE)", "merge the log of");
}

Expected<void> SqliteJournal::write(const JournalBatch& batch) {
  // A reader or another writer may stand in the way: nothing has been done then.
  if (!statements_.begin_write.run()) return tl::make_unexpected(database_->error("write to"));
  if (write_all(batch) && statements_.commit.run()) return {};
  Expected<void> done = tl::make_unexpected(database_->error("write to"));
  if (database_->in_transaction()) {
    const auto rolled_back = database_->execute("ROLLBACK", "write to");
    if (!rolled_back) done = rolled_back;
  }
  if (done.error().code != Errc::storage_full) {
    statements_ = {};
    database_->leave_as_it_is(true);
    database_.reset();
  }
  return done;
}

// False when something failed, and nothing was done after it: what is done next takes the place of
// what the database says of it.
bool SqliteJournal::write_all(const JournalBatch& batch) {
  if (!erase(statements_.erase, batch.deleted, 0)) return false;
  if (!erase(statements_.erase_body, batch.deleted, kApart)) return false;
  for (const JournalBatch::Row& row : batch.rows) {
    if (!write_row(batch, row)) return false;
  }
  for (const JournalBatch::Key& key : batch.dead_keys) {
    statements_.erase_key.bind(1, key.ends_at);
    statements_.erase_key.bind_text(2, batch.text(key.endpoint));
    statements_.erase_key.bind_blob(3, batch.text(key.key));
    if (!statements_.erase_key.run()) return false;
  }
  for (const JournalBatch::Key& key : batch.keys) {
    statements_.insert_key.bind(1, key.ends_at);
    statements_.insert_key.bind_text(2, batch.text(key.endpoint));
    statements_.insert_key.bind_blob(3, batch.text(key.key));
    statements_.insert_key.bind_blob(4, batch.text(key.fingerprint));
    statements_.insert_key.bind(5, key.first_id);
    statements_.insert_key.bind(6, key.count);
    if (!statements_.insert_key.run()) return false;
  }
  if (batch.keys_ended) {
    statements_.end_keys.bind(1, *batch.keys_ended);
    if (!statements_.end_keys.run()) return false;
  }
  if (batch.reserved == 0) return true;
  statements_.reserve.bind(1, batch.reserved);
  return statements_.reserve.run();
}

bool SqliteJournal::write_row(const JournalBatch& batch, const JournalBatch::Row& row) {
  SqliteStatement& statement = row.whole ? statements_.insert : statements_.change;
  const bool apart = row.whole && row.body.size >= kApart;
  statement.bind(1, row.id);
  statement.bind_text(2, batch.text(row.endpoint));
  row.place == 0 ? statement.bind_null(3) : statement.bind(3, row.place);
  statement.bind(4, row.arrival);
  statement.bind(5, std::int64_t{row.attempts});
  statement.bind(6, row.pushed_at);
  statement.bind(7, row.hidden_until);
  statement.bind(8, row.expires_at);
  if (row.whole) {
    row.type.size == 0 ? statement.bind_null(9) : statement.bind_text(9, batch.text(row.type));
    statement.bind_blob(10, apart ? std::string_view() : batch.text(row.body));
    apart ? statement.bind(11, std::uint64_t{row.body.size}) : statement.bind_null(11);
  }
  if (!statement.run() || !apart) return !statement.failed();
  statements_.insert_body.bind(1, row.id);
  statements_.insert_body.bind_blob(2, batch.text(row.body));
  return statements_.insert_body.run();
}

FetchedBodies SqliteJournal::fetch(std::span<const std::uint64_t> ids) {
  FetchedBodies bodies;
  if (!database_) {
    if (auto again = reconnect(); !again) {
      bodies.error = std::move(again.error());
      return bodies;
    }
  }
  bodies.found.reserve(ids.size());
  // In one transaction: else each would lock and unlock the file.
  bool well = statements_.begin_read.run();
  SqliteStatement& statement = statements_.fetch;
  for (std::size_t first = 0; well && first < ids.size(); ++first) {
    std::size_t last = first;
    while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) ++last;
    statement.bind(1, ids[first]);
    statement.bind(2, ids[last]);
    while (statement.step()) {
      if (statement.is_null(2)) continue;
      bodies.found.push_back({static_cast<std::uint64_t>(statement.number(0)),
                              Payload(statement.bytes(2), statement.bytes(1))});
    }
    well = !statement.failed();
    first = last;
  }
  if (!well) bodies.error = database_->error("read");
  if (!statements_.commit.run() && !bodies.error) bodies.error = database_->error("read");
  return bodies;
}

Expected<void> SqliteJournal::reserve(std::uint64_t id) {
  JournalBatch batch;
  batch.reserved = id;
  auto done = apply(batch);
  if (done) reserved_ = id;
  return done;
}

void SqliteJournal::finish(std::uint64_t last_id) {
  if (!database_) return;
  statements_.reserve.bind(1, last_id);
  if (statements_.reserve.run()) reserved_ = last_id;
}

}  // namespace pistachio
