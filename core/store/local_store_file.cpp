// What a LocalStore does only when it has a journal.

#include <algorithm>
#include <utility>

#include "core/store/local_store.h"

namespace pistachio {
namespace {

// The longest names have dead letters, too, though those cannot be asked for.
std::optional<EndpointName> name_of(std::string_view text) {
  constexpr std::string_view kDead = ".dead";
  if (text.size() <= EndpointName::kMaxLength || !text.ends_with(kDead)) {
    auto name = EndpointName::parse(text);
    return name ? std::optional(*std::move(name)) : std::nullopt;
  }
  text.remove_suffix(kDead.size());
  const auto alive = EndpointName::parse(text);
  return alive && !alive->is_dead() ? std::optional(alive->dead()) : std::nullopt;
}

}  // namespace

Expected<std::unique_ptr<LocalStore>> LocalStore::open(StoreOptions options,
                                                       std::unique_ptr<SqliteJournal> file,
                                                       Journal::Options journal,
                                                       std::function<void()> wake, TimePoint now) {
  auto store = std::make_unique<LocalStore>(options);
  Holdings& holdings = store->holdings_;
  KeyTable& keys = store->keys_;
  const WallClock clock = journal.clock;
  std::uint64_t last_id = file->reserved();
  std::optional<std::string> strange;
  std::optional<EndpointName> name;  // of the message before: mostly the next one's, too
  const auto recovered = file->recover(
      [&](const SavedMessage& message) {
        last_id = std::max(last_id, message.id);
        if (!name || name->text() != message.endpoint) name = name_of(message.endpoint);
        if (name) return holdings.restore(message, *name, clock);
        strange = std::string(message.endpoint);
      },
      [&](const SavedKey& key) {
        const auto scope = name_of(key.endpoint);
        if (!scope) {
          strange = std::string(key.endpoint);
        } else if (const Deadline ends(clock.point(key.ends_at)); !ends.reached(now)) {
          keys.restore(*scope, key.key, key.fingerprint, key.first_id, key.count, ends);
        }
      });
  if (!recovered) return tl::make_unexpected(recovered.error());
  if (strange) {
    return failure(Errc::unavailable, "cannot use the store " + journal.directory +
                                          ": it has a message for an endpoint '" + *strange +
                                          "', which is no name; restore it from a copy");
  }
  holdings.arrange_restored(last_id, now);
  store->now_ = now;
  if (auto reserved = file->reserve(last_id + Journal::kIdBlock);
      !reserved && reserved.error().code != Errc::storage_full) {
    return tl::make_unexpected(std::move(reserved.error()));
  }
  store->journal_ = std::make_unique<Journal>(std::move(file), std::move(journal), std::move(wake));
  holdings.note_in(&store->journal_->changes());
  LocalStore* const self = store.get();
  store->fetches_ = std::make_unique<BodyFetches>(
      *store->journal_, holdings,
      BodyFetches::Callbacks{
          .claim = [self](ClaimCommand& command) { self->carry_out(command, self->now_); },
          .fail_claim = [](ClaimCommand& command,
                           const Error& error) { command.done(tl::make_unexpected(error)); },
          .peek = [self](
                      PeekCommand& command,
                      const BodyFetches::Found& found) { self->show(command, found, self->now_); },
          .fail_peek =
              [](PeekCommand& command, const Error& error) {
                if (command.done) command.done(tl::make_unexpected(error));
              }});
  return store;
}

LocalStore::~LocalStore() {
  if (journal_) journal_->finish(holdings_, keys_);
  holdings_.note_in(nullptr);
}

std::optional<Error> LocalStore::health() const {
  if (!journal_) return std::nullopt;
  std::optional<Error> trouble = journal_->health();
  return trouble ? trouble : fetches_->trouble();
}

std::optional<FileCounts> LocalStore::file_counts() const {
  if (!journal_) return std::nullopt;
  return FileCounts{journal_->written(), journal_->changes().spared()};
}

bool LocalStore::collect() {
  const bool did =
      journal_->collect(holdings_, keys_, now_,
                        [this](JournalThread::Fetched& fetched) { fetches_->arrived(fetched); });
  return journal_->pending().answer() || did;
}

bool LocalStore::end_turn() { return journal_->end_turn(holdings_, now_); }

}  // namespace pistachio
