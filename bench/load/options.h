#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pistachio::bench {

/// What is measured; bench/README.md says what each does.
enum class Mode { park, pump, drain };

/// What is spoken on a connection.
enum class Protocol { http, redis, beanstalk };

/// Everything a run is told on its command line. usage() names each; defaults that depend on the
/// mode are filled in by parse_options().
struct Options {
  Mode mode = Mode::pump;
  std::string label;
  std::vector<int> pids;  ///< the server's processes; their children are counted too
  int max_seconds = 150;  ///< after these the run is killed: a hung server must not hang the bench

  std::string host = "127.0.0.1";
  int port = 8080;
  int publish_port = 8080;
  Protocol poll_protocol = Protocol::http;
  Protocol publish_protocol = Protocol::http;
  std::string poll_target = "/messages/q%d";  ///< %d becomes the endpoint's number
  std::string push_target = "/messages/q%d";
  std::string key = "q%d";           ///< the Redis list or beanstalk tube
  std::vector<std::string> headers;  ///< sent with every request
  bool follow_etag = false;  ///< polls say what they saw last (nchan's way through a channel)
  bool acknowledge = false;  ///< polls settle with ack= what the one before them brought
  bool rotate = false;       ///< each poll asks the endpoint after the last one asked

  int endpoints = 1;
  int pollers = 1;
  int publishers = 1;
  int pipeline = 1;                ///< pushes under way on one connection; HTTP has one
  int lines = 1;                   ///< messages in one POST, a line each
  std::size_t message_size = 100;  ///< bytes

  double hold_seconds = 2;  ///< park: how long idleness is measured
  int wakes = 1000;
  double wakes_per_second = 500;
  double settle_max_seconds = 20;

  double seconds = 3;  ///< pump: how long it is measured
  double warmup_seconds = 0.5;
  int window = 2;         ///< messages under way per endpoint
  int reclaim_ms = 1000;  ///< a message silent for so long no longer counts as under way

  int messages = 20000;      ///< drain: the backlog
  double drain_seconds = 5;  ///< pump and drain: how long to wait for the last messages
};

/// Throws std::invalid_argument, naming the option, for what is unknown, misspelt or impossible.
Options parse_options(int argc, const char* const* argv);

/// The help text.
const char* usage();

}  // namespace pistachio::bench
