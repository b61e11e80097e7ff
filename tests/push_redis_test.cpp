// `pistachio push --redis`, run in this process.

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/redis_server.h"
#include "tests/support/run_command.h"

using pistachio::RedisServer;
using pistachio::test::Result;
using pistachio::test::run_command;

namespace {

Result push(const std::vector<std::string>& more, const std::string& input = "") {
  std::vector<std::string> arguments{"push", "--redis", RedisServer::shared().url(), "--namespace",
                                     "cli"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_command(arguments, {.input = input});
}

std::string list_of(const std::string& endpoint) {
  return RedisServer::shared().ask({"LRANGE", "cli:" + endpoint, "0", "-1"});
}

}  // namespace

TEST_CASE("a push straight into Redis is a plain element of the endpoint's list") {
  if (!RedisServer::is_installed()) return;
  RedisServer::shared().ask({"FLUSHALL"});
  const Result pushed = push({"a", "msg"});
  CHECK(pushed.status == 0);
  CHECK(pushed.out.empty());
  CHECK(pushed.err.empty());
  CHECK(push({"a"}, std::string("\0\n", 2)).status == 0);
  CHECK(list_of("a") == "msg\n" + std::string("\0\n", 2));
}

TEST_CASE("lines and envelopes pushed straight into Redis are messages of their own") {
  if (!RedisServer::is_installed()) return;
  RedisServer::shared().ask({"FLUSHALL"});
  CHECK(push({"a", "--lines"}, "1\r\n2\n3").status == 0);
  CHECK(list_of("a") == "1\n2\n3");
  CHECK(push({"b", "--ndjson"}, "{\"data\":\"x\"}\n{\"data_base64\":\"AAE=\"}\n").status == 0);
  CHECK(list_of("b") == "x\n" + std::string("\0\1", 2));
  const Result refused = push({"c", "--ndjson"}, "{\"data\":\"x\"}\nnonsense\n");
  CHECK(refused.status == 1);
  CHECK(refused.err.find("line 2") != std::string::npos);
  CHECK(list_of("c").empty());
}

TEST_CASE("a key makes a second push straight into Redis the same as the first") {
  if (!RedisServer::is_installed()) return;
  RedisServer::shared().ask({"FLUSHALL"});
  CHECK(push({"a", "msg", "--key", "k"}).status == 0);
  CHECK(push({"a", "msg", "--key", "k"}).status == 0);
  CHECK(list_of("a") == "msg");
  CHECK(push({"a", "other", "--key", "k"}).status == 1);
}

TEST_CASE("a push straight into Redis says what is wrong, and scripts can tell by the status") {
  const auto status = [](const std::string& url, const std::string& part) {
    const Result result = run_command({"push", "--redis", url, "--retry-for", "0", "a", "msg"});
    INFO(result.err);
    CHECK(result.err.find(part) != std::string::npos);
    return result.status;
  };
  CHECK(status("redis+unix:///nowhere/redis.sock", "cannot connect") == 4);
  CHECK(status("redis+cluster://h:1", "Cluster") == 1);
  CHECK(status("http://h", "it is a URL such as redis://") == 1);
  CHECK(status("redis://h:x", "port") == 1);
  CHECK(run_command({"push", "--namespace", "x", "a", "msg"}).status == 2);
  if (!RedisServer::is_installed()) return;
  CHECK(status(RedisServer::shared().url() + "?db=99", "no database of that number") == 1);
}
