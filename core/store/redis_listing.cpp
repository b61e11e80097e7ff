#include "core/store/redis_listing.h"

#include <memory>
#include <utility>

namespace pistachio {
namespace {

// A scan of a million keys costs Redis 0.7 s of its time at this, in pieces of a millisecond.
constexpr std::string_view kKeysPerScan = "1000";

}  // namespace

RedisCommand RedisListing::count_call(const RedisKeys& keys, const EndpointName& endpoint) {
  RedisCommand command = RedisCommand::call(RedisScript::counts, 4);
  command.add(keys.list(endpoint));
  for (const std::string_view what : {"retry", "delay", "lease"}) {
    command.add(keys.beside(endpoint, what));
  }
  return command;
}

EndpointCounts RedisListing::counts_of(const EndpointName& endpoint, const RedisValue& answer) {
  return {.name = endpoint.text(),
          .queued = static_cast<std::size_t>(answer[0].integer()),
          .delayed = static_cast<std::size_t>(answer[1].integer()),
          .leased = static_cast<std::size_t>(answer[2].integer()),
          .oldest = std::nullopt};
}

void RedisListing::list(ListQuery query, Store::Done<std::vector<EndpointCounts>> done,
                        TimePoint now) {
  Asked asked{std::move(query), std::move(done)};
  if (!fresh_until_.reached(now)) return count(page_of(std::move(asked)));
  waiting_.push_back(std::move(asked));
  if (scanning_) return;
  scanning_ = true;
  started_ = now;
  scanned_.clear();
  scan(0, "0");
}

std::shared_ptr<RedisListing::Page> RedisListing::page_of(Asked asked) {
  auto page = std::make_shared<Page>();
  page->after = asked.query.after;
  page->asked = std::move(asked);
  return page;
}

void RedisListing::scan(std::size_t pattern, const std::string& cursor) {
  node_.send({"SCAN", cursor, "MATCH", pattern == 0 ? keys_.list_pattern() : keys_.beside_pattern(),
              "COUNT", kKeysPerScan},
             [this, pattern](const RedisValue* answer) { on_scanned(pattern, answer); });
}

void RedisListing::on_scanned(std::size_t pattern, const RedisValue* answer) {
  if (answer == nullptr || answer->is_error()) return fail();
  const RedisValue keys = (*answer)[1];
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto parsed = keys_.parse(keys[i].text());
    if (parsed && !parsed->what.starts_with("key:")) scanned_.insert(std::move(parsed->endpoint));
  }
  const std::string cursor((*answer)[0].text());
  if (cursor != "0") return scan(pattern, cursor);
  if (pattern == 0) return scan(1, "0");
  scanning_ = false;
  names_.swap(scanned_);
  fresh_until_ = Deadline::in(age_, started_);
  for (Asked& each : std::exchange(waiting_, {})) count(page_of(std::move(each)));
}

void RedisListing::fail() {
  scanning_ = false;
  for (const Asked& each : std::exchange(waiting_, {})) {
    each.done(failure(Errc::unavailable, "Redis does not say which endpoints there are"));
  }
}

// The numbers of the names that the query is about. A name of which nothing is left is not shown,
// nor is a key of that name that is no list: so there may be more to ask for than are shown.
void RedisListing::count(const std::shared_ptr<Page>& page) {
  const ListQuery& query = page->asked.query;
  page->names.clear();
  page->answers = 0;
  const std::size_t room = query.limit - page->found.size();
  for (const EndpointName& name : names_) {
    if (page->names.size() == room) break;
    if (name.text() > page->after && name.text().starts_with(query.prefix)) {
      page->names.push_back(name);
    }
  }
  if (page->names.empty()) return page->asked.done(std::move(page->found));
  page->after = page->names.back().text();
  for (const EndpointName& name : page->names) {
    node_.send(count_call(keys_, name), [this, page, &name](const RedisValue* answer) {
      if (answer != nullptr && !answer->is_error()) {
        EndpointCounts counts = counts_of(name, *answer);
        if (counts.queued + counts.delayed + counts.leased > 0) {
          page->found.push_back(std::move(counts));
        }
      }
      if (++page->answers < page->names.size()) return;
      if (answer != nullptr) return count(page);
      page->asked.done(failure(Errc::unavailable, "Redis does not say what the endpoints hold"));
    });
  }
}

}  // namespace pistachio
