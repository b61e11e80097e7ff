#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/client.h"
#include "core/loop.h"
#include "core/push_answer.h"
#include "core/store/store.h"

namespace pistachio::cli {

/// Pushes straight into Redis, as a server with that store would.
class RedisSender {
 public:
  /// `url` and `name_space` as for serve; looked at with the first push.
  RedisSender(std::string url, std::string name_space);
  ~RedisSender();
  RedisSender(const RedisSender&) = delete;
  RedisSender& operator=(const RedisSender&) = delete;

  /// Waits for Redis, which it connects to when it is not yet: some seconds at the most.
  PushAnswer push(const PushWish& wish);

 private:
  std::optional<Error> open();

  const std::string url_;
  const std::string name_space_;
  Loop loop_;
  std::unique_ptr<Store> store_;  // null until it could be opened
};

}  // namespace pistachio::cli
