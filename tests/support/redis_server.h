#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/file_rig.h"

namespace pistachio {

/// A redis-server of the test's own, on a unix socket in a directory of its own. Killed with this
/// object.
class RedisServer {
 public:
  /// False when redis-server is not installed here. Says so on standard error, once.
  static bool is_installed();

  /// `arguments` as on its command line: {"--appendonly", "yes"}. Fails the test when it does not
  /// come up.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  const std::string& socket() const { return socket_; }
  std::string url() const { return "redis+unix://" + socket_; }

  /// Asks it something on a connection of its own, as any other program would, and returns the
  /// answer as redis-cli shows it to a program: strings as they are, arrays one element to a line,
  /// nil as "(nil)", errors as they are.
  std::string ask(const std::vector<std::string>& words);

  /// It has not answered within a hundredth of a second.
  bool is_silent();

  void kill();   ///< as a crash would
  void start();  ///< again, with the same directory
  /// The same with more on its command line; returns as soon as it answers, though it may only say
  /// that it is loading its data.
  void start_loading(const std::vector<std::string>& more);

  /// The one that the tests of this process share.
  static RedisServer& shared();

 private:
  void start(const std::vector<std::string>& more, bool until_loaded);

  TemporaryDirectory directory_;
  std::string socket_;
  std::vector<std::string> arguments_;
  pid_t process_ = -1;
};

}  // namespace pistachio
