// The file of a file store: what can be opened and what is refused, and how it looks from outside.

#include "core/store/sqlite_journal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/store/sqlite_schema.h"
#include "tests/support/catch.h"
#include "tests/support/file_driver.h"

using namespace pistachio;
namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Why the store of `directory` cannot be opened: one line, and its file is as it was.
std::string refusal(const std::string& directory) {
  const std::string database = directory + "/messages.db";
  const std::string before = bytes_of(database);
  std::string why;
  {
    auto file = SqliteJournal::open({.directory = directory});
    if (file) {
      const auto recovered = (*file)->recover([](const SavedMessage&) {}, [](const SavedKey&) {});
      REQUIRE_FALSE(recovered.has_value());
      why = recovered.error().message;
    } else {
      why = file.error().message;
    }
  }
  CHECK(bytes_of(database) == before);
  CHECK(why.find('\n') == std::string::npos);
  return why;
}

std::string contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos ? part : text;
}

// A store with a few thousand messages, ended in order.
std::string make_store(const TemporaryDirectory& room, int messages) {
  const std::string directory = room.path() + "/store";
  FileRig rig({}, directory);
  for (int i = 0; i < messages; ++i) {
    rig.store().push(StoreDriver::push_of("a", std::to_string(i) + std::string(300, '.')), {});
  }
  rig.turn_until_idle();
  return directory;
}

// As long as it lives this process may do what the owner of these files may: not what root may.
class Nobody {
 public:
  explicit Nobody(const std::vector<std::string>& paths) {
    if (::geteuid() != 0) return;
    for (const std::string& path : paths) {
      if (fs::exists(path)) REQUIRE(::chown(path.c_str(), kNobody, kNobody) == 0);
    }
    REQUIRE(::seteuid(kNobody) == 0);
  }
  ~Nobody() { CHECK((::getuid() != 0 || ::seteuid(0) == 0)); }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
};

}  // namespace

TEST_CASE("a directory that is served already is refused, and the holder named") {
  FileRig rig({});
  const std::string why = refusal(rig.directory());
  CHECK(contains(why, "process " + std::to_string(::getpid())) ==
        "process " + std::to_string(::getpid()));
}

TEST_CASE("a directory can be opened again as soon as its store has ended") {
  FileRig rig({});
  rig.close();
  CHECK(rig.open().has_value());
}

TEST_CASE("what is no directory is refused") {
  TemporaryDirectory room;
  write_file(room.path() + "/file", "x");
  const auto opened = SqliteJournal::open({.directory = room.path() + "/file"});
  REQUIRE_FALSE(opened.has_value());
  CHECK(contains(opened.error().message, "not a directory") == "not a directory");
  CHECK_FALSE(SqliteJournal::open({.directory = room.path() + "/file/below"}).has_value());
  CHECK(bytes_of(room.path() + "/file") == "x");
}

TEST_CASE("directories are made for their owner only, and so are the files in them") {
  TemporaryDirectory room;
  FileRig rig({}, room.path() + "/some/where/else");
  rig.store().push(StoreDriver::push_of("a", "x"), {});
  rig.turn_until_idle();
  for (const char* const name : {"/some", "/some/where", "/some/where/else"}) {
    CHECK(fs::status(room.path() + name).permissions() == fs::perms::owner_all);
  }
  for (const auto& entry : fs::directory_iterator(rig.directory())) {
    INFO(entry.path());
    CHECK((entry.status().permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
          fs::perms::none);
  }
}

TEST_CASE("a file that is no store, or is empty, is refused and left as it is") {
  TemporaryDirectory room;
  const std::string directory = room.path();
  SECTION("text") { write_file(directory + "/messages.db", std::string(5000, 'x')); }
  SECTION("nothing") { write_file(directory + "/messages.db", ""); }
  SECTION("another's database") {
    auto database = SqliteDatabase::open(directory + "/messages.db", true, {});
    REQUIRE(database->execute("CREATE TABLE t (a)", "make").has_value());
  }
  CHECK_FALSE(refusal(directory).empty());
}

TEST_CASE("a store that may not be written to is refused, and the reader told what would help") {
  TemporaryDirectory room;
  const std::string directory = make_store(room, 3);
  const std::string database = directory + "/messages.db";
  std::string denied = database;
  SECTION("its database") { fs::permissions(database, fs::perms::owner_read); }
  SECTION("its database, not even read") { fs::permissions(database, fs::perms::none); }
  SECTION("its directory") {
    fs::permissions(directory, fs::perms::owner_read | fs::perms::owner_exec);
    SECTION("with a lock in it") {}
    SECTION("without one") {
      fs::remove(directory + "/lock");
      denied = directory + "/lock";
    }
  }
  const Nobody nobody({room.path(), directory, database, directory + "/lock"});
  // Reading alone may go well.
  const auto file = SqliteJournal::open({.directory = directory});
  const auto done = file ? (*file)->reserve(1) : tl::make_unexpected(file.error());
  REQUIRE_FALSE(done.has_value());
  const std::string& why = done.error().message;
  CHECK(contains(why, denied + ":") == denied + ":");
  CHECK(contains(why, "writable for the user who serves") == "writable for the user who serves");
  CHECK(contains(why, "(--store file:DIR)") == "(--store file:DIR)");
  CHECK(why.find('\n') == std::string::npos);
}

TEST_CASE("a store of a newer version is refused and left as it is") {
  TemporaryDirectory room;
  const std::string directory = make_store(room, 3);
  {
    auto database = SqliteDatabase::open(directory + "/messages.db", false, {});
    REQUIRE(database->execute("PRAGMA user_version = 99", "change").has_value());
  }
  CHECK(contains(refusal(directory), "version 99") == "version 99");
}

TEST_CASE("a store of the first version is brought to this one with all that is in it") {
  TemporaryDirectory room;
  {
    auto database = SqliteDatabase::open(room.path() + "/messages.db", true, {});
    // As version 1 made it: before idempotency keys.
    REQUIRE(
        database
            ->execute("PRAGMA journal_mode = WAL;"
                      "CREATE TABLE messages (id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, "
                      "place INTEGER, arrival INTEGER NOT NULL, attempts INTEGER NOT NULL, "
                      "pushed_at INTEGER NOT NULL, hidden_until INTEGER, expires_at INTEGER, "
                      "content_type TEXT, body BLOB NOT NULL);"
                      "CREATE TABLE ids (reserved INTEGER NOT NULL);"
                      "INSERT INTO ids VALUES (7);"
                      "INSERT INTO messages VALUES (5, 'a', 9, 9, 1, 0, NULL, NULL, 'x/y', 'old'),"
                      "(3, 'a', 11, 11, 0, 0, NULL, NULL, NULL, x'00ff'),"
                      "(6, 'a', 10, 10, 0, 0, NULL, NULL, NULL, zeroblob(5000));"
                      "PRAGMA application_id = 1346982740; PRAGMA user_version = 1",
                      "make")
            .has_value());
  }
  FileRig rig({}, room.path());
  rig.store().push(StoreDriver::push_of("a", "new", {.key = "k"}), {});
  rig.turn_until_idle();
  Texts seen;
  rig.store().claim({.endpoint = endpoint("a"), .max = 9},
                    [&seen](const Expected<Claimed>& claimed) {
                      for (const Delivered& each : claimed->messages) {
                        seen.push_back(each.message.id + " " + std::string(each.message.body));
                      }
                    });
  rig.turn_until_idle();
  CHECK(seen ==
        Texts{"5 old", "6 " + std::string(5000, '\0'), std::string("3 \0\xff", 4), "8 new"});
  rig.restart();
  auto database = SqliteDatabase::open(room.path() + "/messages.db", false, {});
  CHECK(database->number("PRAGMA user_version", "read").value() == schema_version());
}

TEST_CASE("a database that was cut short anywhere is refused and left as it is") {
  TemporaryDirectory room;
  const std::string directory = make_store(room, 300);
  const std::string whole = bytes_of(directory + "/messages.db");
  REQUIRE(whole.size() > 100'000);
  for (std::size_t size = 0; size < whole.size(); size += size < 300 ? 37 : 1709) {
    INFO("cut to " << size << " of " << whole.size());
    write_file(directory + "/messages.db", whole.substr(0, size));
    CHECK(contains(refusal(directory), "cut short") == "cut short");
  }
  write_file(directory + "/messages.db", whole);
  FileRig rig({}, directory);
  CHECK(rig.local().totals().queued == 300);
}

TEST_CASE("a log that was cut short anywhere gives the messages of the batches before that") {
  FileRig rig({});
  for (int i = 0; i < 30; ++i) {
    rig.store().push(StoreDriver::push_of("a", std::to_string(i)), {});
    rig.turn_until_idle();
  }
  const std::string log = bytes_of(rig.directory() + "/messages.db-wal");
  const std::string database = bytes_of(rig.directory() + "/messages.db");
  REQUIRE(log.size() > 50'000);
  std::uint64_t last = 0;
  for (std::size_t size = 0; size <= log.size(); size += size < 100 ? 9 : 3001) {
    INFO("cut to " << size << " of " << log.size());
    TemporaryDirectory room;
    write_file(room.path() + "/messages.db", database);
    write_file(room.path() + "/messages.db-wal", log.substr(0, size));
    FileRig cut({}, room.path());
    const std::uint64_t found = cut.local().totals().queued;
    CHECK(found >= last);
    last = found;
    std::uint64_t next = 0;
    cut.store().peek(endpoint("a"), 1000, [&next](const Expected<std::span<const Peeked>>& all) {
      for (const Peeked& each : *all) CHECK(each.message.body == std::to_string(next++));
    });
    cut.turn_until_idle();
    CHECK(next == found);
  }
}

TEST_CASE("a damaged page is refused or read around, and never brings the process down") {
  TemporaryDirectory room;
  const std::string directory = make_store(room, 300);
  const std::string whole = bytes_of(directory + "/messages.db");
  for (std::size_t at = 4096; at < whole.size(); at += 4096) {
    INFO("page at " << at);
    std::string damaged = whole;
    damaged.replace(at, 64, std::string(64, '\xff'));
    write_file(directory + "/messages.db", damaged);
    auto file = SqliteJournal::open({.directory = directory});
    if (!file) continue;
    std::size_t found = 0;
    const auto recovered =
        (*file)->recover([&found](const SavedMessage&) { ++found; }, [](const SavedKey&) {});
    CHECK((!recovered.has_value() || found == 300));
  }
}

TEST_CASE("what is before a damaged body is delivered, nothing is passed over, and a person told") {
  TemporaryDirectory room;
  const std::string directory = room.path() + "/store";
  const auto body_of = [](int number) { return std::to_string(number) + std::string(400, '.'); };
  {
    FileDriver driver({}, directory);
    for (int i = 0; i < 300; ++i) driver.push("a", body_of(i));
  }
  std::string damaged = bytes_of(directory + "/messages.db");
  damaged.replace(damaged.size() - 4096, 64, std::string(64, '\xff'));
  write_file(directory + "/messages.db", damaged);

  FileDriver driver({}, directory);
  std::optional<Error> refused;
  int next = 0;
  while (!refused && next < 300) {
    driver.store().claim({.endpoint = endpoint("a")}, [&](const Expected<Claimed>& claimed) {
      if (!claimed) refused = claimed.error();
      if (claimed) CHECK(claimed->messages.front().message.body == body_of(next++));
    });
    driver.rig().turn_until_idle();
  }
  REQUIRE(refused.has_value());
  CHECK(refused->code == Errc::unavailable);
  CHECK(next > 200);
  CHECK(driver.store().health().has_value());
  REQUIRE(driver.file.reports().size() == 1);
  CHECK(contains(driver.file.reports()[0], "?id=" + std::to_string(next + 1)) ==
        "?id=" + std::to_string(next + 1));
}

TEST_CASE("others can read the store, and copy it, while it serves") {
  FileDriver driver;
  driver.push("a", "1", {.more = {"2"}});
  auto other = SqliteDatabase::open(driver.file.directory() + "/messages.db", false, {});
  REQUIRE(other.has_value());
  CHECK(other->number("SELECT count(*) FROM messages WHERE endpoint = 'a'", "read").value() == 2);
  TemporaryDirectory room;
  REQUIRE(other->execute("BEGIN; SELECT * FROM messages", "read").has_value());
  driver.push("a", "3");
  REQUIRE(other->execute("COMMIT", "read").has_value());
  REQUIRE(other->execute("VACUUM INTO '" + room.path() + "/messages.db'", "copy").has_value());
  FileRig copy({}, room.path());
  CHECK(copy.local().totals().queued == 3);
}

TEST_CASE("only larger bodies are in a table of their own, and they go with their messages") {
  FileRig rig({});
  auto database = SqliteDatabase::open(rig.directory() + "/messages.db", false, {});
  REQUIRE(database.has_value());
  const auto number = [&](const char* sql) { return database->number(sql, "read").value(); };
  const std::string large(3000, 'L');
  for (const std::string& body : {std::string(), std::string("small"), large}) {
    rig.store().push(StoreDriver::push_of("a", body, {.content_type = "x/y"}), {});
  }
  rig.turn_until_idle();
  CHECK(number("SELECT count(*) FROM messages") == 3);
  CHECK(number("SELECT sum(length(body)) FROM messages") == 5);
  CHECK(number("SELECT count(*) FROM bodies") == 1);
  CHECK(number("SELECT sum(body_size) FROM messages JOIN bodies USING (id)") == 3000);
  rig.restart();
  Texts seen;
  rig.store().claim({.endpoint = endpoint("a"), .max = 9}, [&](const Expected<Claimed>& claimed) {
    for (const Delivered& each : claimed->messages) {
      CHECK(each.message.content_type == "x/y");
      seen.emplace_back(each.message.body);
      rig.store().settle(endpoint("a"), each.receipt);
    }
  });
  rig.turn_until_idle();
  CHECK(seen == Texts{"", "small", large});
  CHECK(number("SELECT count(*) FROM messages") == 0);
  CHECK(number("SELECT count(*) FROM bodies") == 0);
}
