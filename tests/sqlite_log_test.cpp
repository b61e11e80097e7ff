// The log of a file store's database: which damage is refused, and what is none.

#include "core/store/sqlite_log.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "core/store/sqlite_journal.h"
#include "tests/support/catch.h"
#include "tests/support/file_driver.h"

using namespace pistachio;
using Texts = std::vector<std::string>;

namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrame = 24 + 4096;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string garbage(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& each : bytes) each = static_cast<char>(random());
  return bytes;
}

// What a process that is killed now leaves.
struct Left {
  explicit Left(const std::string& directory)
      : database(bytes_of(directory + "/messages.db")),
        log(bytes_of(directory + "/messages.db-wal")) {}

  void write_to(const std::string& directory) const {
    write_file(directory + "/messages.db", database);
    write_file(directory + "/messages.db-wal", log);
  }

  std::size_t frames() const { return log.size() / kFrame; }
  std::size_t at(std::size_t frame) const { return kHeader + frame * kFrame; }
  std::string salts(std::size_t frame) const { return log.substr(at(frame) + 8, 8); }
  bool is_end(std::size_t frame) const {
    return salts(frame) == log.substr(16, 8) && log.substr(at(frame) + 4, 4) != std::string(4, 0);
  }
  // The frames, counted from 0, with which the transactions of this log end.
  std::vector<std::size_t> ends() const {
    std::vector<std::size_t> found;
    for (std::size_t frame = 0; frame < frames(); ++frame) {
      if (is_end(frame)) found.push_back(frame);
    }
    return found;
  }
  void overwrite(std::size_t from, const std::string& bytes) {
    log.replace(from, bytes.size(), bytes);
  }

  std::string database;
  std::string log;
};

std::size_t first_new_frame(const Left& before, const Left& after) {
  std::size_t frame = 0;
  while (before.log.compare(before.at(frame), kFrame, after.log, after.at(frame), kFrame) == 0) {
    ++frame;
  }
  return frame;
}

// Why it is refused, "" if it is not. Then, too, it is one line, and the files are as they were.
std::string refusal(const Left& left) {
  TemporaryDirectory room;
  left.write_to(room.path());
  const auto file = SqliteJournal::open({.directory = room.path()});
  if (file) return {};
  CHECK(bytes_of(room.path() + "/messages.db") == left.database);
  CHECK(bytes_of(room.path() + "/messages.db-wal") == left.log);
  CHECK(file.error().message.find('\n') == std::string::npos);
  return file.error().message;
}

// What is served from it.
Texts served(const Left& left) {
  TemporaryDirectory room;
  left.write_to(room.path());
  FileDriver driver({}, room.path());
  return bodies(driver.peek("a", 1'000'000));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A log of small transactions.
Left many_pushes() {
  FileDriver driver;
  for (int i = 0; i < 30; ++i) driver.push("a", std::to_string(i));
  Left left(driver.file.directory());
  REQUIRE(left.ends().size() > 30);
  return left;
}

}  // namespace

TEST_CASE("a log with damage before its last transaction is refused and left as it is") {
  const Left whole = many_pushes();
  const auto ends = whole.ends();
  SECTION("in a page") {
    for (std::size_t frame = 0; frame <= ends[ends.size() - 2]; ++frame) {
      INFO("frame " << frame + 1 << " of " << whole.frames());
      Left left = whole;
      left.overwrite(whole.at(frame) + 1000, garbage(64, 1));
      const std::string why = refusal(left);
      CHECK(contains(why, "its log messages.db-wal is damaged (frame " + std::to_string(frame + 1) +
                              " of " + std::to_string(whole.frames()) + ")"));
    }
  }
  SECTION("in three frames, all of them") {
    for (std::size_t frame = 0; frame + 2 < ends[ends.size() - 3]; ++frame) {
      INFO("frame " << frame + 1 << " of " << whole.frames());
      Left left = whole;
      left.overwrite(whole.at(frame), garbage(3 * kFrame, 2));
      CHECK(contains(refusal(left), "its log messages.db-wal is damaged"));
    }
  }
  SECTION("a page of the file that lies across two frames") {
    for (std::size_t page = 0; (page + 2) * 4096 < whole.at(ends[ends.size() - 3]); ++page) {
      INFO("page " << page);
      Left left = whole;
      left.overwrite(page * 4096, garbage(4096, 3));
      CHECK(contains(refusal(left), "its log messages.db-wal is damaged"));
    }
  }
}

TEST_CASE("a log with a damaged header is refused while it has two transactions") {
  const Left whole = many_pushes();
  for (std::size_t at = 0; at < kHeader; ++at) {
    INFO("byte " << at);
    Left left = whole;
    // Less, not more: with a first salt that is ahead of the frames' it is taken for one that was
    // torn while it replaced theirs.
    if (at > 16 && at < 20 && whole.log[at] == '\0') continue;
    left.overwrite(at, std::string(1, static_cast<char>(whole.log[at] - 1)));
    CHECK(contains(refusal(left), "its log messages.db-wal is damaged (its header)"));
  }
}

TEST_CASE("a last transaction that was torn in whatever way costs nothing before it") {
  FileDriver driver;
  for (int i = 0; i < 5; ++i) driver.push("a", std::to_string(i));
  driver.push("a", std::string(60'000, 'x'));
  const Left whole(driver.file.directory());
  const auto ends = whole.ends();
  const std::size_t first = ends[ends.size() - 2] + 1;
  REQUIRE(whole.frames() == ends.back() + 1);
  REQUIRE(whole.frames() - first > 14);
  const Texts before{"0", "1", "2", "3", "4"};
  for (std::size_t frame = first; frame < whole.frames(); ++frame) {
    INFO("frame " << frame + 1 << " of " << whole.frames());
    const std::size_t at = whole.at(frame);
    for (const std::size_t size : std::vector<std::size_t>{0, 3, 8, 24, 2000, kFrame - 1}) {
      Left cut = whole;
      cut.log.resize(at + size);
      CHECK(served(cut) == before);
    }
    for (const std::size_t size : {std::size_t{24}, kFrame}) {
      Left left = whole;
      left.overwrite(at, garbage(size, 4));
      CHECK(served(left) == before);
      left.overwrite(at, std::string(size, '\0'));
      CHECK(served(left) == before);
    }
    Left left = whole;
    left.overwrite(at + 2000, "?");
    CHECK(served(left) == before);
    left.overwrite(whole.at(first), garbage((frame - first) * kFrame, 5));
    CHECK(served(left) == before);
  }
}

TEST_CASE("what torn transactions have left behind the last one is no damage") {
  // Each is torn in its middle, and the next one is written over its beginning.
  const auto tear = [](const Left& before, Left after) {
    const std::size_t first = first_new_frame(before, after);
    std::size_t end = first;
    while (!after.is_end(end)) ++end;
    REQUIRE(end > first + 6);
    after.overwrite(after.at((first + end) / 2), std::string(kFrame, '\0'));
    return after;
  };
  TemporaryDirectory rooms[3];
  Texts expected;
  {
    FileDriver driver({}, rooms[0].path());
    for (int i = 0; i < 3; ++i) driver.push("a", expected.emplace_back(std::to_string(i)));
    const Left before(rooms[0].path());
    driver.push("a", std::string(150'000, 'x'));
    tear(before, Left(rooms[0].path())).write_to(rooms[1].path());
  }
  {
    FileDriver driver({}, rooms[1].path());
    driver.push("a", expected.emplace_back("3"));
    const Left before(rooms[1].path());
    driver.push("a", std::string(60'000, 'y'));
    tear(before, Left(rooms[1].path())).write_to(rooms[2].path());
  }
  FileDriver driver({}, rooms[2].path());
  const Left before(rooms[2].path());
  driver.push("a", expected.emplace_back("4"));
  const Left left(rooms[2].path());
  std::size_t last = first_new_frame(before, left);
  while (!left.is_end(last)) ++last;
  const auto ends = left.ends();
  REQUIRE(std::count_if(ends.begin(), ends.end(), [&](std::size_t end) { return end > last; }) ==
          2);
  CHECK(served(left) == expected);
}

TEST_CASE("the frames of an earlier log behind those of the present one are no damage") {
  FileDriver driver;
  Texts expected;
  for (int i = 0; i < 30; ++i) {
    driver.push("a", expected.emplace_back(std::to_string(i) + std::string(200'000, 'x')));
  }
  const Left left(driver.file.directory());
  REQUIRE(left.salts(0) == left.log.substr(16, 8));
  REQUIRE(left.salts(left.frames() - 1) != left.salts(0));
  REQUIRE(left.ends().size() > 4);
  CHECK(served(left) == expected);

  SECTION("but what is damaged before them is refused") {
    Left damaged = left;
    damaged.overwrite(left.at(3), garbage(3 * kFrame, 6));
    CHECK(contains(refusal(damaged), "its log messages.db-wal is damaged (frame 4 of "));
  }
  SECTION("and the last transaction may be torn as ever") {
    Left torn = left;
    torn.overwrite(left.at(left.ends().back()), std::string(kFrame, '\0'));
    expected.pop_back();
    CHECK(served(torn) == expected);
  }
}

TEST_CASE("a header that was torn while it took the place of another is no damage") {
  FileDriver driver;
  for (int i = 0; i < 20; ++i) driver.push("a", std::to_string(i));
  const Left before(driver.file.directory());
  auto other = SqliteDatabase::open(driver.file.directory() + "/messages.db", false, {});
  REQUIRE(other->number("PRAGMA wal_checkpoint(RESTART)", "merge") == 0);
  Left left(driver.file.directory());  // merged
  driver.push("a", "x");
  const std::string header = Left(driver.file.directory()).log.substr(0, kHeader);
  REQUIRE(header != before.log.substr(0, kHeader));
  for (const std::size_t torn_at : {20u, 24u, 28u}) {
    INFO("at " << torn_at);
    left.overwrite(0, header.substr(0, torn_at) + before.log.substr(torn_at, kHeader - torn_at));
    CHECK(served(left).size() == 20);
  }
}

TEST_CASE("a log that cannot be read is refused") {
  Left left = many_pushes();
  TemporaryDirectory room;
  left.write_to(room.path());
  std::filesystem::remove(room.path() + "/messages.db-wal");
  std::filesystem::create_directory(room.path() + "/messages.db-wal");
  const auto file = SqliteJournal::open({.directory = room.path()});
  REQUIRE_FALSE(file.has_value());
  CHECK(contains(file.error().message, "its log messages.db-wal cannot be read"));
}

TEST_CASE("a log without its database is not put to a new one") {
  const Left left = many_pushes();
  TemporaryDirectory room;
  left.write_to(room.path());
  std::filesystem::remove(room.path() + "/messages.db");
  const auto file = SqliteJournal::open({.directory = room.path()});
  REQUIRE_FALSE(file.has_value());
  CHECK(contains(file.error().message, "its log messages.db-wal is there without it"));
  CHECK_FALSE(std::filesystem::exists(room.path() + "/messages.db"));
  CHECK(bytes_of(room.path() + "/messages.db-wal") == left.log);
}
