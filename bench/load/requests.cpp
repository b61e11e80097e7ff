#include "bench/load/requests.h"

namespace pistachio::bench {
namespace {

constexpr std::string_view kWait = "30";  // seconds; HTTP leaves it to the server

std::string with_number(std::string_view pattern, int number) {
  std::string text(pattern);
  const std::size_t at = text.find("%d");
  if (at != std::string::npos) text.replace(at, 2, std::to_string(number));
  return text;
}

/// A string as Redis' protocol has it.
std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

}  // namespace

Requests::Requests(const Options& options) : options_(options) {
  ack_ = options_.poll_target.find('?') == std::string::npos ? "?ack=" : "&ack=";
  for (int endpoint = 0; endpoint < options_.endpoints; ++endpoint) {
    polls_.push_back(poll_of(endpoint));
    pushes_.push_back(push_of(endpoint));
  }
}

Requests::Poll Requests::poll_of(int endpoint) const {
  switch (options_.poll_protocol) {
    case Protocol::http:
      return {"GET " + with_number(options_.poll_target, endpoint), " HTTP/1.1\r\n" + headers()};
    case Protocol::redis:
      return {"*3\r\n" + bulk("BLPOP") + bulk(with_number(options_.key, endpoint)) + bulk(kWait),
              ""};
    case Protocol::beanstalk:
      return {"reserve-with-timeout " + std::string(kWait) + "\r\n", ""};
  }
  return {};
}

/// Everything before the body, but for an HTTP length, which differs when lines are put together.
std::string Requests::push_of(int endpoint) const {
  const std::string key = with_number(options_.key, endpoint);
  const std::string size = std::to_string(options_.message_size);
  switch (options_.publish_protocol) {
    case Protocol::http:
      return "POST " + with_number(options_.push_target, endpoint) + " HTTP/1.1\r\n" + headers() +
             "Content-Length: ";
    case Protocol::redis:
      return "*3\r\n" + bulk("RPUSH") + bulk(key) + "$" + size + "\r\n";
    case Protocol::beanstalk:
      return "use " + key + "\r\nput 0 0 120 " + size + "\r\n";
  }
  return {};
}

std::string Requests::headers() const {
  std::string text = "Host: " + options_.host + ":" + std::to_string(options_.port) + "\r\n";
  for (const std::string& header : options_.headers) text += header + "\r\n";
  return text;
}

void Requests::append_poll(std::string& out, int endpoint, PollMemory& memory) const {
  if (memory.job != 0) {
    out += "delete " + std::to_string(memory.job) + "\r\n";
    memory.job = 0;
  }
  const Poll& poll = polls_[static_cast<std::size_t>(endpoint)];
  out += poll.to_target;
  if (options_.poll_protocol != Protocol::http) return;
  if (!memory.receipts.empty()) {
    out += ack_;
    out += memory.receipts;
    memory.receipts.clear();
  }
  out += poll.to_headers;
  if (!memory.etag.empty()) out.append("If-None-Match: ").append(memory.etag).append("\r\n");
  if (!memory.last_modified.empty()) {
    out.append("If-Modified-Since: ").append(memory.last_modified).append("\r\n");
  }
  out += "\r\n";
}

void Requests::append_push(std::string& out, int endpoint, std::string_view body) const {
  out += pushes_[static_cast<std::size_t>(endpoint)];
  if (options_.publish_protocol == Protocol::http) {
    out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  } else {
    out.append(body).append("\r\n");
  }
}

std::string Requests::greeting(int endpoint) const {
  if (options_.poll_protocol != Protocol::beanstalk) return {};
  return "watch " + with_number(options_.key, endpoint) + "\r\nignore default\r\n";
}

}  // namespace pistachio::bench
