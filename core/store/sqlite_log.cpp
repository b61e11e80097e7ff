#include "core/store/sqlite_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace pistachio {
namespace {

// Of SQLite's file format. A header: magic, version, page size, a count of the logs, salts, sum.
// Then frames, each with a header of its own (page number, size of the database after a commit or
// 0, salts, sum) before the page. Numbers are big-endian, salts and sums two numbers each.
constexpr std::size_t kHeaderSize = 32;
constexpr std::size_t kFrameHeaderSize = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // its last bit: sums are of big-endian words
constexpr std::uint32_t kVersion = 3007000;

constexpr std::size_t kChunk = 1 << 20;  // bytes that are read at once, about

using Bytes = std::span<const unsigned char>;
using Pair = std::array<std::uint32_t, 2>;

std::uint32_t number_at(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | std::uint32_t{bytes[at + 3]};
}

Pair pair_at(Bytes bytes, std::size_t at) {
  return {number_at(bytes, at), number_at(bytes, at + 4)};
}

// The sum of what `sum` is of and of these bytes, whose number is a multiple of 8.
Pair add(Pair sum, Bytes bytes, std::endian order) {
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    Pair words;
    std::memcpy(words.data(), &bytes[at], sizeof(words));
    if (order != std::endian::native) {
      words = {__builtin_bswap32(words[0]), __builtin_bswap32(words[1])};
    }
    sum[0] += words[0] + sum[1];
    sum[1] += words[1] + sum[0];
  }
  return sum;
}

struct Header {
  Header(Bytes bytes, std::size_t page_size)
      : salts(pair_at(bytes, 16)),
        sum(pair_at(bytes, 24)),
        order((bytes[3] & 1) != 0 ? std::endian::big : std::endian::little),
        begun((number_at(bytes, 0) & ~1U) == kMagic && number_at(bytes, 4) == kVersion &&
              number_at(bytes, 8) == page_size),
        whole(begun && add({}, bytes.first(24), order) == sum) {
    if (!whole) order = std::endian::native;
  }

  Pair salts;
  Pair sum;
  std::endian order;
  bool begun;  // it has the fields that are the same in every log
  bool whole;
};

// The frames of a log, one after the other. A transaction is written when the one before it is on
// the disk: so only the last may be found in pieces, and a transaction that has its end and follows
// another's end proves all before it to have been whole, and acknowledged.
//
// Two ends alone would prove nothing. When a transaction was torn, the next one is written over it
// and may leave its end in the log; but nothing that was committed ever followed that.
class Frames {
 public:
  explicit Frames(const Header& header)
      : header_(header), salts_before_(header.salts), sum_before_(header.sum) {
    if (!header.whole) first_wrong_ = 0;
  }

  // False when a frame before this one must have been damaged.
  bool add_next(Bytes frame) {
    ++count_;
    const Pair salts = pair_at(frame, 8);
    const Pair sum = pair_at(frame, 16);
    const bool follows = number_at(frame, 0) != 0 && salts == salts_before_ &&
                         add(add(sum_before_, frame.first(8), header_.order),
                             frame.subspan(kFrameHeaderSize), header_.order) == sum;
    salts_before_ = salts;
    sum_before_ = sum;
    if (!follows) {
      after_end_ = false;
      if (!first_wrong_) first_wrong_ = count_;
    }
    if (!first_wrong_ || number_at(frame, 4) == 0 || !is_of_this_log(salts)) return true;
    if (after_end_) return false;
    after_end_ = true;
    return true;
  }

  // From 1; 0: the header.
  std::optional<std::int64_t> first_wrong() const { return first_wrong_; }

 private:
  // Behind a log's frames may be those of logs before it, which have been merged.
  bool is_of_this_log(Pair salts) const {
    if (header_.whole) return salts == header_.salts;
    // A header that was torn while it took the place of another still has what is the same in both,
    // and its first salt, which is counted up, may be ahead of what is behind it. Any other that is
    // wrong was damaged: it is on the disk before there are frames.
    return !header_.begun || static_cast<std::int32_t>(header_.salts[0] - salts[0]) <= 0;
  }

  const Header& header_;
  Pair salts_before_;  // as the frame, or the header, before the next frame has them
  Pair sum_before_;
  std::int64_t count_ = 0;
  std::optional<std::int64_t> first_wrong_;
  bool after_end_ = false;  // of a transaction, behind the first wrong frame, in an unbroken row
};

// Closed with this object.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  bool is_open() const { return file_ >= 0; }

  // -1: failed, and errno says why.
  std::int64_t size() const {
    struct stat status {};
    return ::fstat(file_, &status) == 0 ? std::int64_t{status.st_size} : -1;
  }

  // False: failed, and errno says why.
  bool read(std::span<unsigned char> to, std::int64_t from) const {
    while (!to.empty()) {
      const ssize_t got = ::pread(file_, to.data(), to.size(), from);
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) errno = EIO;
      if (got <= 0) return false;
      to = to.subspan(static_cast<std::size_t>(got));
      from += got;
    }
    return true;
  }

  bool sync() const { return ::fsync(file_) == 0; }

 private:
  int file_;
};

tl::unexpected<Error> refuse(const std::string& database, const std::string& why) {
  const std::string log = database.substr(database.find_last_of('/') + 1) + "-wal";
  return failure(Errc::unavailable, "cannot use the store " + database + ": its log " + log + " " +
                                        why + "; it was not touched");
}

}  // namespace

Expected<void> examine_log(const std::string& database, std::size_t page_size) {
  const auto refuse_to_read = [&database] {
    const bool denied = errno == EACCES;
    return refuse(database,
                  "cannot be read (" + std::string(std::strerror(errno)) +
                      (denied ? "); make it readable and writable for the user who serves" : ")"));
  };
  // A size that there is not: the database itself is damaged, which others will say.
  if (!std::has_single_bit(page_size) || page_size < 512) return {};
  const OpenFile file(database + "-wal");
  if (!file.is_open()) return errno == ENOENT ? Expected<void>() : refuse_to_read();
  const std::int64_t size = file.size();
  if (size < 0) return refuse_to_read();
  if (size < static_cast<std::int64_t>(kHeaderSize)) return {};
  std::array<unsigned char, kHeaderSize> first{};
  if (!file.read(first, 0)) return refuse_to_read();
  const Header header(first, page_size);
  Frames frames(header);
  const std::size_t frame_size = kFrameHeaderSize + page_size;
  // What is cut short behind them is no frame.
  const std::size_t count = (static_cast<std::size_t>(size) - kHeaderSize) / frame_size;
  std::vector<unsigned char> chunk(std::max<std::size_t>(1, kChunk / frame_size) * frame_size);
  for (std::size_t done = 0; done < count;) {
    const std::size_t next = std::min(count - done, chunk.size() / frame_size);
    const auto bytes = std::span(chunk).first(next * frame_size);
    if (!file.read(bytes, static_cast<std::int64_t>(kHeaderSize + done * frame_size))) {
      return refuse_to_read();
    }
    for (std::size_t i = 0; i < next; ++i) {
      if (frames.add_next(bytes.subspan(i * frame_size, frame_size))) continue;
      const std::int64_t wrong = frames.first_wrong().value_or(0);
      const std::string where =
          wrong == 0 ? "its header"
                     : "frame " + std::to_string(wrong) + " of " + std::to_string(count);
      return refuse(database,
                    "is damaged (" + where +
                        "); move both away, and restore the store from a copy or begin anew");
    }
    done += next;
  }
  // A process that was killed may have left a transaction that is whole but not yet on the disk;
  // the next one will be written behind it all the same.
  if (file.sync()) return {};
  return refuse(database,
                "cannot be brought to the disk (" + std::string(std::strerror(errno)) + ")");
}

Expected<void> expect_no_log(const std::string& database) {
  struct stat status {};
  if (::stat((database + "-wal").c_str(), &status) != 0 || status.st_size == 0) return {};
  return refuse(database,
                "is there without it; put it back, or move the log away, too, to begin anew");
}

}  // namespace pistachio
