#include "cli/redis_sender.h"

#include <csignal>
#include <iterator>
#include <utility>
#include <vector>

#include "core/api/message_lines.h"
#include "core/api/parameters.h"
#include "core/api/push_key.h"
#include "core/store/open_store.h"

namespace pistachio::cli {
namespace {

// Worth another try, or not.
PushAnswer answer_of(const Error& error) {
  switch (error.code) {
    case Errc::unavailable:
      return PushTrouble{error.message, error.retry_after, true};
    case Errc::endpoint_full:
      return PushTrouble{error.message, error.retry_after, false};
    default:
      return PushRefused{error.message};
  }
}

// What a server makes of the request that the wish would be.
Expected<Push> push_of(const PushWish& wish) {
  auto name = EndpointName::parse(wish.endpoint);
  if (!name) return tl::make_unexpected(std::move(name.error()));
  auto type = kept_content_type(wish.split == "ndjson" ? std::string() : wish.content_type);
  if (!type) return tl::make_unexpected(std::move(type.error()));
  NewMessage defaults;
  defaults.content_type = *std::move(type);
  defaults.delay = wish.delay.value_or(Duration::zero());
  defaults.ttl = wish.ttl;
  Push push{.endpoint = *std::move(name), .message = {}};
  if (!wish.key.empty()) {
    push.key = push_key(wish.key);
    push.fingerprint = push_fingerprint(wish.split, defaults, wish.body);
  }
  if (wish.split.empty()) {
    push.message = std::move(defaults);
    push.message.body = wish.body;
    return push;
  }
  std::vector<NewMessage> messages;
  std::optional<Error> wrong;
  each_line(wish.body, [&](std::string_view line, std::size_t number) {
    Expected<NewMessage> message = defaults;
    if (wish.split == "ndjson") {
      message = parse_message_line(line, defaults);
    } else {
      message->body = line;
    }
    if (message) {
      messages.push_back(*std::move(message));
    } else {
      wrong = Error{Errc::bad_argument, "line " + std::to_string(number) + ": " +
                                            message.error().message + "; nothing was taken"};
    }
    return !wrong.has_value();
  });
  if (wrong) return tl::make_unexpected(*std::move(wrong));
  push.message = std::move(messages.front());
  push.more.assign(std::make_move_iterator(messages.begin() + 1),
                   std::make_move_iterator(messages.end()));
  return push;
}

}  // namespace

RedisSender::RedisSender(std::string url, std::string name_space)
    : url_(std::move(url)), name_space_(std::move(name_space)) {
  std::signal(SIGPIPE, SIG_IGN);  // a connection that breaks is an error, not the end
  loop_.add(
      {.next_wish = [this](TimePoint) { return store_ ? store_->next_wish() : Deadline::never(); },
       .run_due = {},
       .run_end = [this](TimePoint now) { return store_ && store_->run(now); }});
}

RedisSender::~RedisSender() {
  store_.reset();
  loop_.drain_handles();
}

std::optional<Error> RedisSender::open() {
  if (!url_.starts_with("redis")) {
    return Error{Errc::bad_argument,
                 "--redis is '" + url_ + "'; it is a URL such as redis://localhost:6379"};
  }
  OpenOptions options;
  options.name_space = name_space_;
  options.loop = loop_.uv();
  auto opened = open_store(url_, std::move(options));
  if (!opened) return opened.error();
  store_ = std::move(opened->store);
  return std::nullopt;
}

PushAnswer RedisSender::push(const PushWish& wish) {
  // One whose connection was lost makes another only while its loop turns.
  if (store_ && store_->health()) store_.reset();
  if (!store_) {
    if (const auto trouble = open()) return answer_of(*trouble);
  }
  auto push = push_of(wish);
  if (!push) return answer_of(push.error());
  std::optional<Expected<Pushed>> result;
  store_->push(*std::move(push),
               [&result](Expected<Pushed> pushed) { result.emplace(std::move(pushed)); });
  while (!result) loop_.turn(Loop::Wait::yes);
  if (!*result) return answer_of(result->error());
  return Accepted{.id = {}, .count = (*result)->count};
}

}  // namespace pistachio::cli
