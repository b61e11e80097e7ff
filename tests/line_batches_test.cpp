#include "cli/line_batches.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "tests/support/catch.h"

using pistachio::cli::LineBatches;

namespace {

// A pipe that a test writes into.
class Source {
 public:
  Source() { REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0); }
  ~Source() {
    close();
    ::close(ends_[0]);
  }
  int descriptor() const { return ends_[0]; }
  void write(const std::string& bytes) {
    REQUIRE(::write(ends_[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  void close() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  int ends_[2];
};

std::vector<std::string> all_batches(LineBatches& batches) {
  std::vector<std::string> all;
  for (;;) {
    const auto batch = batches.next();
    REQUIRE(batch.has_value());
    if (batch->empty()) return all;
    all.emplace_back(*batch);
  }
}

}  // namespace

TEST_CASE("what a slow source has said so far is a batch of whole lines") {
  Source source;
  LineBatches batches(source.descriptor());
  source.write("one\ntwo\nthr");
  CHECK(batches.next().value() == "one\ntwo\n");
  CHECK(batches.lines() == 2);
  source.write("ee\n");
  CHECK(batches.next().value() == "three\n");
  CHECK(batches.lines_before() == 2);
  source.write("last, without a newline");
  source.close();
  CHECK(batches.next().value() == "last, without a newline");
  CHECK(batches.lines() == 1);
  CHECK(batches.next().value().empty());
  CHECK(batches.lines_before() == 4);
  CHECK(batches.bytes() == 8 + 6 + 23);
}

TEST_CASE("empty lines are lines, and no input is no batch") {
  Source source;
  LineBatches batches(source.descriptor());
  source.write("\n\n\r\n");
  source.close();
  CHECK(batches.next().value() == "\n\n\r\n");
  CHECK(batches.lines() == 3);
  CHECK(batches.next().value().empty());
  Source empty;
  empty.close();
  LineBatches none(empty.descriptor());
  CHECK(none.next().value().empty());
  CHECK(none.next().value().empty());
}

TEST_CASE("a batch has no more lines than a server should take at once") {
  Source source;
  LineBatches batches(source.descriptor());
  std::string text;
  for (int i = 0; i < 2500; ++i) text += std::to_string(i) + "\n";
  source.write(text);
  source.close();
  const auto all = all_batches(batches);
  REQUIRE(all.size() == 3);
  CHECK(all[0] + all[1] + all[2] == text);
  CHECK(all[2].starts_with("2000\n"));
}

TEST_CASE("a line that is longer than a batch is a batch of its own") {
  Source source;
  LineBatches batches(source.descriptor());
  const std::string text = std::string(3'000'000, 'x') + "\nshort\n";
  std::thread writer([&] {
    std::size_t at = 0;
    while (at < text.size()) {
      const auto size = std::min<std::size_t>(65536, text.size() - at);
      source.write(text.substr(at, size));
      at += size;
    }
    source.close();
  });
  std::string together;
  for (const auto& batch : all_batches(batches)) together += batch;
  writer.join();
  CHECK(together == text);
}

TEST_CASE("input that cannot be read is an error") {
  LineBatches batches(-1);
  CHECK_FALSE(batches.next().has_value());
}
