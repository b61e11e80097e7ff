#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/faulty_vfs.h"
#include "tests/support/file_rig.h"
#include "tests/support/store_driver.h"

namespace pistachio {

/// A StoreDriver on one file store that can be ended and begun again, and looked into.
class FileDriver : public StoreDriver {
 public:
  /// `directory`: empty for one of its own.
  explicit FileDriver(const FileRigOptions& options = {}, const std::string& directory = {})
      : StoreDriver(
            {"file", [&](StoreOptions) { return std::make_unique<FileRig>(options, directory); }},
            options.store),
        file(dynamic_cast<FileRig&>(rig())) {}

  FileRig& file;

  StoreTotals totals() const { return file.local().totals(); }
  FileCounts counts_of_file() const { return file.local().file_counts().value(); }

  /// What an asked push has come to so far.
  using Answer = std::shared_ptr<std::optional<Expected<Pushed>>>;
  Answer ask_push(std::string_view name, std::string_view body, const PushExtras& extras = {}) {
    auto answer = std::make_shared<std::optional<Expected<Pushed>>>();
    store().push(push_of(name, body, extras),
                 [answer](Expected<Pushed> result) { answer->emplace(std::move(result)); });
    return answer;
  }

  /// A push that a waiting listener gets in the same turn.
  std::pair<Answer, Receipt> push_to_listener(std::string_view name, std::string_view body,
                                              const PushExtras& extras = {}) {
    Answer answer = ask_push(name, body, extras);
    Receipt receipt;
    bool got = false;
    store().claim({.endpoint = endpoint(name)}, [&](const Expected<Claimed>& claimed) {
      got = claimed->messages.size() == 1;
      if (got) receipt = claimed->messages.front().receipt;
    });
    file.turn();
    REQUIRE(got);
    return {answer, receipt};
  }

  /// As a plain poll does it: nobody waits.
  void settle_quietly(std::string_view name, const Receipt& receipt) {
    store().settle(endpoint(name), receipt);
    file.turn();
  }

  /// Ends it in order, or kills it, and begins it again.
  void end(bool kill, Duration down = Duration::zero()) {
    kill ? file.kill(down) : file.restart(down);
  }
};

/// The faulty disk, well again at the end.
class Faults {
 public:
  Faults() : disk(FaultyDisk::instance()) {}
  ~Faults() { disk.heal(); }
  FaultyDisk& disk;
};

}  // namespace pistachio
