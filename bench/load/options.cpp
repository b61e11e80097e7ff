#include "bench/load/options.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <stdexcept>
#include <string_view>

#include "bench/load/payload.h"

namespace pistachio::bench {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

/// The words of a command line by name, each with the values it was given.
class Words {
 public:
  Words(int argc, const char* const* argv) {
    static const std::set<std::string_view> kFlags = {"follow-etag", "ack", "rotate"};
    for (int i = 2; i < argc; ++i) {
      const std::string_view word = argv[i];
      if (word.substr(0, 2) != "--") refuse("unexpected " + std::string(word));
      const std::string name(word.substr(2));
      if (kFlags.count(name) > 0) {
        values_[name].emplace_back("1");
      } else if (i + 1 < argc) {
        values_[name].emplace_back(argv[++i]);
      } else {
        refuse("--" + name + " needs a value");
      }
    }
  }

  bool flag(const char* name) { return !take(name).empty(); }

  std::vector<std::string> take(const char* name) {
    const auto found = values_.find(name);
    if (found == values_.end()) return {};
    std::vector<std::string> values = std::move(found->second);
    values_.erase(found);
    return values;
  }

  void read(const char* name, std::string& into) {
    std::vector<std::string> values = take(name);
    if (!values.empty()) into = std::move(values.back());
  }

  template <class Number>
  void read(const char* name, Number& into, Number least) {
    const std::vector<std::string> values = take(name);
    if (values.empty()) return;
    const std::string& text = values.back();
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, into);
    if (error != std::errc() || stop != end || into < least) {
      refuse("--" + std::string(name) + " " + text + ": not a number of at least " +
             std::to_string(least));
    }
  }

  /// What nobody asked for is a mistake of whoever typed it.
  void expect_all_taken() const {
    if (!values_.empty()) refuse("unknown option --" + values_.begin()->first);
  }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

Mode mode_of(std::string_view word) {
  if (word == "park") return Mode::park;
  if (word == "pump") return Mode::pump;
  if (word == "drain") return Mode::drain;
  refuse("unknown mode " + std::string(word));
}

Protocol protocol_of(std::string_view word) {
  if (word == "http") return Protocol::http;
  if (word == "redis") return Protocol::redis;
  if (word == "beanstalk") return Protocol::beanstalk;
  refuse("--proto " + std::string(word) + ": http, redis or beanstalk");
}

std::vector<int> pids_of(std::string_view text) {
  std::vector<int> pids;
  while (!text.empty()) {
    int pid = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc()) refuse("--pid takes process ids with commas between them");
    pids.push_back(pid);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
  return pids;
}

void read_server(Words& words, Options& options) {
  std::string protocol = "http";
  std::string pids;
  std::string publish;
  words.read("label", options.label);
  words.read("pid", pids);
  options.pids = pids_of(pids);
  words.read("max-s", options.max_seconds, 1);
  words.read("host", options.host);
  words.read("port", options.port, 1);
  words.read("proto", protocol);
  words.read("get", options.poll_target);
  words.read("post", options.push_target);
  words.read("key", options.key);
  options.headers = words.take("header");
  options.follow_etag = words.flag("follow-etag");
  options.acknowledge = words.flag("ack");
  options.rotate = words.flag("rotate");

  options.poll_protocol = protocol_of(protocol);
  options.publish_protocol = options.poll_protocol;
  options.publish_port = options.port;
  words.read("publish-redis", options.publish_port, 1);
  if (options.publish_port != options.port) options.publish_protocol = Protocol::redis;
}

void read_amounts(Words& words, Options& options) {
  const Mode mode = options.mode;
  options.pollers = mode == Mode::park ? 1000 : 1;
  words.read(mode == Mode::park ? "conns" : "pollers", options.pollers, 1);
  options.endpoints = mode == Mode::drain ? 1 : options.pollers;
  words.read("endpoints", options.endpoints, 1);
  options.publishers = mode == Mode::pump ? 8 : 4;
  words.read("publishers", options.publishers, 1);
  const bool beside_http =
      options.publish_protocol == Protocol::redis && options.poll_protocol == Protocol::http;
  options.pipeline = beside_http ? 8 : 1;
  words.read("pipeline", options.pipeline, 1);
  if (options.publish_protocol == Protocol::http) options.pipeline = 1;
  words.read("lines", options.lines, 1);
  if (options.lines > 1 && options.publish_protocol != Protocol::http) {
    refuse("--lines is for publishers that speak HTTP");
  }
  words.read("size", options.message_size, Payload::kSmallestSize);
  if (options.endpoints > Payload::kMaxEndpoints || options.publishers > Payload::kMaxPublishers) {
    refuse("at most 1,000,000 endpoints and 10,000 publishers");
  }

  words.read("hold", options.hold_seconds, 0.0);
  words.read("wakes", options.wakes, 0);
  words.read("rate", options.wakes_per_second, 1.0);
  words.read("settle-max", options.settle_max_seconds, 0.0);
  words.read("seconds", options.seconds, 0.1);
  words.read("warmup", options.warmup_seconds, 0.0);
  options.window = std::max(2, 64 / options.endpoints);
  words.read("window", options.window, 1);
  words.read("reclaim-ms", options.reclaim_ms, 0);
  words.read("messages", options.messages, 1);
  options.drain_seconds = mode == Mode::drain ? 30 : 5;
  words.read("drain-s", options.drain_seconds, 0.0);
}

}  // namespace

Options parse_options(int argc, const char* const* argv) {
  if (argc < 2) refuse("a mode is needed: park, pump or drain");
  Options options;
  options.mode = mode_of(argv[1]);
  Words words(argc, argv);
  read_server(words, options);
  read_amounts(words, options);
  words.expect_all_taken();
  return options;
}

const char* usage() {
  return R"(usage: lpload park|pump|drain [OPTIONS]

The server:
  --host H (an IPv4 address, default 127.0.0.1)  --port N (8080)  --proto http|redis|beanstalk
  --get '/messages/q%d'  --post '/messages/q%d'   targets of polls and pushes, %d is the endpoint
  --header 'Name: value'      with every request; repeatable
  --key 'q%d'                 the Redis list or beanstalk tube
  --publish-redis PORT        push straight into Redis instead, --pipeline D (8) at a time
  --follow-etag               polls carry If-None-Match and If-Modified-Since (nchan)
  --ack                       polls carry ack= with the receipts of the answer before
  --pid P[,P...]              processes whose CPU and memory are counted, with their children
The load:
  --endpoints K  --publishers P  --size BYTES (100)  --label L  --max-s S (150)
  park:  --conns N (1000)  --hold S (2)  --wakes M (1000)  --rate PER_SECOND (500)  --settle-max S (20)
  pump:  --pollers C (1)  --seconds T (3)  --warmup S (0.5)  --window W  --reclaim-ms X (1000)  --drain-s S (5)
  drain: --pollers C (1)  --messages N (20000)  --lines L (1: messages in one POST, a line each)
         --rotate (each poll asks the next endpoint)  --drain-s S (30)

One line of JSON on stdout, one for people on stderr. Figures exclude the warm-up.
)";
}

}  // namespace pistachio::bench
