#pragma once

#include <functional>

#include "core/clock.h"
#include "core/store/store.h"

namespace pistachio {

/// A store under test, and how its time passes and its work gets done. The cases know nothing else,
/// so that a store which waits for a disk or a network is tested by the same ones.
class StoreRig {
 public:
  virtual ~StoreRig() = default;

  virtual Store& store() = 0;
  virtual TimePoint now() const = 0;

  /// Turns until `done` is true, or gives up and returns false. Time stands still.
  virtual bool turn_until(const std::function<bool()>& done) = 0;

  /// Turns until nothing is left to do, now.
  virtual void turn_until_idle() = 0;

  /// Lets time pass without anything being done.
  virtual void skip(Duration span) = 0;

  /// Lets time pass, and does what is due at its end. Nothing runs in between.
  void pass(Duration span) {
    skip(span);
    turn_until_idle();
  }
};

}  // namespace pistachio
