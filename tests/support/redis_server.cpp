#include "tests/support/redis_server.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/support/catch.h"

namespace pistachio {
namespace {

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;

std::string shown(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_NIL:
      return "(nil)";
    case REDIS_REPLY_ARRAY: {
      std::string all;
      for (std::size_t i = 0; i < reply.elements; ++i) {
        all += (i == 0 ? "" : "\n") + shown(*reply.element[i]);
      }
      return all;
    }
    default:
      return std::string(reply.str, reply.len);
  }
}

std::string asked(redisContext& context, const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(
      redisCommandArgv(&context, static_cast<int>(words.size()), texts.data(), sizes.data())));
  return reply == nullptr ? std::string("no answer: ") + context.errstr : shown(*reply);
}

Context connect(const std::string& socket) {
  Context context(redisConnectUnix(socket.c_str()));
  if (context == nullptr || context->err != 0) return nullptr;
  return context;
}

}  // namespace

bool RedisServer::is_installed() {
  static const bool kInstalled = [] {
    const bool found = std::system("command -v redis-server >/dev/null") == 0;
    if (!found) {
      std::cerr << "SKIPPED: redis-server is not installed, so nothing is tested with a Redis "
                   "(Debian: apt-get install redis-server)"
                << std::endl;
    }
    return found;
  }();
  return kInstalled;
}

RedisServer::RedisServer(std::vector<std::string> arguments)
    : socket_(directory_.path() + "/redis.sock"), arguments_(std::move(arguments)) {
  start();
}

RedisServer::~RedisServer() { kill(); }

RedisServer& RedisServer::shared() {
  static RedisServer server;
  return server;
}

void RedisServer::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void RedisServer::start() { start({}, true); }

void RedisServer::start_loading(const std::vector<std::string>& more) { start(more, false); }

void RedisServer::start(const std::vector<std::string>& more, bool until_loaded) {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    "0",
                                    "--unixsocket",
                                    socket_,
                                    "--save",
                                    "",
                                    "--dir",
                                    directory_.path(),
                                    "--logfile",
                                    directory_.path() + "/log",
                                    "--enable-debug-command",
                                    "yes"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  process_ = ::fork();
  REQUIRE(process_ >= 0);
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, 0);
    ::dup2(nowhere, 1);
    ::dup2(nowhere, 2);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (;;) {
    if (const Context context = connect(socket_)) {
      const std::string answer = asked(*context, {"PING"});
      const bool loads = answer.starts_with("LOADING");
      if (!answer.starts_with("no answer") && !(loads && until_loaded)) return;
    }
    REQUIRE(::waitpid(process_, nullptr, WNOHANG) == 0);
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    std::this_thread::yield();
  }
}

bool RedisServer::is_silent() {
  const Context context(redisConnectUnixWithTimeout(socket_.c_str(), {0, 10'000}));
  REQUIRE(context != nullptr);
  redisSetTimeout(context.get(), {0, 10'000});
  return asked(*context, {"PING"}).starts_with("no answer: ");
}

std::string RedisServer::ask(const std::vector<std::string>& words) {
  const Context context = connect(socket_);
  REQUIRE(context != nullptr);
  return asked(*context, words);
}

}  // namespace pistachio
