#include "core/store/sqlite_schema.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "core/store/sqlite_log.h"

namespace pistachio {
namespace {

// Each brings the tables from the version that is its index to the next. What has been in a release
// is never changed: add another. The comments are for those who look with `sqlite3 messages.db
// .schema`; the manual page tells the same.
constexpr std::array<const char*, 3> kSteps = {
    R"(
CREATE TABLE messages (      -- one row for each message that was not consumed at once
  id INTEGER PRIMARY KEY,    -- the Pistachio-Id
  endpoint TEXT NOT NULL,    -- with its namespace, if there is one: ns:name
  place INTEGER,             -- its order in the queue; NULL: delayed since its push
  arrival INTEGER NOT NULL,  -- the order in which it came to the endpoint
  attempts INTEGER NOT NULL, -- deliveries that were counted
  pushed_at INTEGER NOT NULL,-- milliseconds since 1970, as the next two
  hidden_until INTEGER,      -- the end of its delay; NULL: none
  expires_at INTEGER,        -- the end of its ttl; NULL: none, or somebody took it in time
  content_type TEXT,         -- NULL: none was given
  body BLOB NOT NULL
);
CREATE TABLE ids (           -- one row
  reserved INTEGER NOT NULL  -- ids up to this one may have been given out
);
INSERT INTO ids VALUES (0);
)",
    R"(
CREATE TABLE idempotency_keys ( -- of pushes, for ten minutes
  ends_at INTEGER NOT NULL,     -- milliseconds since 1970
  endpoint TEXT NOT NULL,       -- with its namespace
  key BLOB NOT NULL,            -- SHA-256 of the Idempotency-Key
  fingerprint BLOB NOT NULL,    -- SHA-256 of what the key covers
  first_id INTEGER NOT NULL,    -- of the messages that were pushed
  count INTEGER NOT NULL,       -- how many; their ids are in a row
  PRIMARY KEY (ends_at, endpoint, key)
) WITHOUT ROWID;
)",
    // Rows that were there keep their bodies where they are: to move them would take as long as
    // the file is large, and twice its room.
    R"(
ALTER TABLE messages ADD COLUMN
  body_size /* of a body that is in the table bodies; NULL: it is in this row */ INTEGER;
CREATE TABLE bodies (        -- those that are not small, apart: a start need not read past them
  id INTEGER PRIMARY KEY,    -- the message's
  body BLOB NOT NULL
);
)"};

// Of SQLite's file format, at the start of every database: offsets in bytes, numbers big-endian.
constexpr std::size_t kHeaderSize = 100;
constexpr char kMagic[] = "SQLite format 3";  // and its NUL
constexpr std::size_t kPageSizeAt = 16;
constexpr std::size_t kPageCountAt = 28;
constexpr std::size_t kVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;

using Header = std::array<unsigned char, kHeaderSize>;

std::uint32_t number_at(const Header& header, std::size_t at, std::size_t bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) number = number << 8 | header[at + i];
  return number;
}

tl::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return failure(Errc::unavailable,
                 "cannot use the store " + path + ": " + why + "; it was not touched");
}

std::string newer(std::int64_t version) {
  return "it is of version " + std::to_string(version) + " and this program knows up to " +
         std::to_string(schema_version()) + ": run the newer program, or name another directory";
}

std::int64_t size_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? std::int64_t{status.st_size} : 0;
}

}  // namespace

std::int64_t schema_version() { return kSteps.size(); }

Expected<void> examine_database(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const bool denied = errno == EACCES;
    return refuse(path, std::strerror(errno) +
                            std::string(denied ? "; make it readable and writable for the user who "
                                                 "serves, or name another directory "
                                                 "(--store file:DIR)"
                                               : ""));
  }
  Header header{};
  const ssize_t got = ::pread(file, header.data(), header.size(), 0);
  ::close(file);
  const std::int64_t size = size_of(path);
  if (got < static_cast<ssize_t>(kHeaderSize)) {
    return refuse(path, "it is cut short (" + std::to_string(size) +
                            " bytes); restore it from a copy, or move it away to begin anew");
  }
  if (std::memcmp(header.data(), kMagic, sizeof(kMagic)) != 0 ||
      number_at(header, kApplicationIdAt, 4) != kApplicationId) {
    return refuse(path, "it is not a database of pistachio's; name another directory");
  }
  const std::int64_t version = number_at(header, kVersionAt, 4);
  if (version > schema_version()) return refuse(path, newer(version));
  const std::int64_t page = number_at(header, kPageSizeAt, 2);
  const std::int64_t expected = number_at(header, kPageCountAt, 4) * (page == 1 ? 65536 : page);
  // While there is a log, pages may be in it that the file has still to get.
  if (size < expected && size_of(path + "-wal") == 0) {
    return refuse(path, "it is cut short (" + std::to_string(size) + " of " +
                            std::to_string(expected) +
                            " bytes); restore it from a copy, or move it away to begin anew");
  }
  return examine_log(path, static_cast<std::size_t>(page == 1 ? 65536 : page));
}

Expected<void> migrate(SqliteDatabase& database, const std::string& path) {
  const auto version = database.number("PRAGMA user_version", "read");
  if (!version) return tl::make_unexpected(version.error());
  if (*version == schema_version()) return {};
  if (*version < 0 || *version > schema_version()) return refuse(path, newer(*version));
  std::string sql = "BEGIN IMMEDIATE;";
  for (auto step = static_cast<std::size_t>(*version); step < kSteps.size(); ++step) {
    sql += kSteps[step];
  }
  sql += "PRAGMA application_id = " + std::to_string(kApplicationId) +
         "; PRAGMA user_version = " + std::to_string(schema_version()) + "; COMMIT";
  return database.execute(sql, "bring to this version");
}

}  // namespace pistachio
