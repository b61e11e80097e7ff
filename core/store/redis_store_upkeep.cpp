// The part of RedisStore that people use: to empty, look at, count and redrive.

#include <limits>
#include <utility>

#include "core/store/redis_peek.h"
#include "core/store/redis_store.h"

namespace pistachio {
namespace {

// A peek ends with the message that reaches this.

}  // namespace

void RedisStore::execute(PurgeCommand& command) {
  if (!node_.is_ready()) {
    return answer<std::size_t>(command.done, tl::make_unexpected(away(command.endpoint)));
  }
  const RedisCommand purge = call(RedisScript::purge, command.endpoint, {"list", "retry", "delay"});
  node_of(command.endpoint)
      .send(purge, [this, endpoint = command.endpoint,
                    done = std::move(command.done)](const RedisValue* reply) {
        if (reply == nullptr || reply->is_error()) {
          return answer<std::size_t>(done, tl::make_unexpected(error_of(endpoint, reply)));
        }
        const auto purged = static_cast<std::size_t>(reply->integer());
        ring(endpoint, purged);  // what we change ourselves Redis does not ring for
        answer<std::size_t>(done, purged);
      });
}

void RedisStore::execute(RemoveCommand& command) {
  answer<std::monostate>(command.done,
                         failure(Errc::unsupported,
                                 "messages in Redis have no ids until they are delivered, so none "
                                 "can be removed by its id; empty endpoint " +
                                     command.endpoint.text() + " as a whole, or take the message"));
}

void RedisStore::execute(CountsCommand& command) {
  if (!node_.is_ready()) {
    return answer<EndpointCounts>(command.done, tl::make_unexpected(away(command.endpoint)));
  }
  node_of(command.endpoint)
      .send(RedisListing::count_call(keys_, command.endpoint),
            [this, endpoint = command.endpoint,
             done = std::move(command.done)](const RedisValue* reply) {
              if (reply == nullptr || reply->is_error()) {
                return answer<EndpointCounts>(done, tl::make_unexpected(error_of(endpoint, reply)));
              }
              answer<EndpointCounts>(done, RedisListing::counts_of(endpoint, *reply));
            });
}

void RedisStore::execute(ListCommand& command) {
  if (!command.done) return;
  if (const std::optional<Error> trouble = health()) {
    return command.done(tl::make_unexpected(*trouble));
  }
  listing_.list(std::move(command.query), std::move(command.done), now_);
}

void RedisStore::execute(RedriveCommand& command) {
  redrive_more(command.dead, 0, std::numeric_limits<std::size_t>::max(), std::move(command.done));
}

void RedisStore::redrive_more(const EndpointName& dead, std::size_t moved, std::size_t most,
                              Done<std::size_t> done) {
  if (!node_.is_ready()) {
    return answer<std::size_t>(done, tl::make_unexpected(away(dead)));
  }
  RedisCommand redrive = RedisCommand::call(RedisScript::redrive, 4);
  redrive.add(keys_.list(dead))
      .add(keys_.beside(dead, "retry"))
      .add(keys_.beside(dead, "delay"))
      .add(keys_.list(dead.alive()));
  node_of(dead).send(
      redrive, [this, dead, moved, most, done = std::move(done)](const RedisValue* reply) {
        if (reply == nullptr || reply->is_error()) {
          return answer<std::size_t>(done, tl::make_unexpected(error_of(dead, reply)));
        }
        const auto now_moved = static_cast<std::size_t>((*reply)[0].integer());
        const auto left = static_cast<std::size_t>((*reply)[1].integer());
        const std::size_t total = moved + now_moved;
        ring(dead.alive(), now_moved);
        // Those that were there at first, not what dies meanwhile.
        const std::size_t goal = std::min(most, total + left);
        if (now_moved > 0 && total < goal) return redrive_more(dead, total, goal, done);
        answer<std::size_t>(done, total);
      });
}

void RedisStore::execute(PeekCommand& command) {
  if (!command.done) return;
  if (!node_.is_ready()) return command.done(tl::make_unexpected(away(command.endpoint)));
  RedisCommand peek =
      call(RedisScript::peek, command.endpoint, {"list", "lease", "due", "retry", "delay"});
  peek.add_number(static_cast<std::int64_t>(command.limit))
      .add_number(static_cast<std::int64_t>(kMostPeeked));
  node_of(command.endpoint)
      .send(peek, [this, endpoint = command.endpoint,
                   done = std::move(command.done)](const RedisValue* reply) {
        if (reply == nullptr || reply->is_error()) {
          return done(tl::make_unexpected(error_of(endpoint, reply)));
        }
        const RedisPeek seen(*reply, endpoint.is_dead());
        done(seen.messages());
      });
}

}  // namespace pistachio
