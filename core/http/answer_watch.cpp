#include "core/http/answer_watch.h"

#include <algorithm>

namespace pistachio::http {

void AnswerWatch::add(std::uint64_t delivery, std::uint64_t end, TimePoint now) {
  if (answers_.empty()) progress_at_ = now;
  answers_.push_back({delivery, end, Deadline::never()});
}

void AnswerWatch::next_request(std::vector<Fate>& fates) {
  for (const Answer& answer : answers_) fates.push_back({answer.delivery, Outcome::received});
  answers_.clear();
}

void AnswerWatch::acknowledged(std::uint64_t acknowledged, TimePoint now,
                               std::vector<Fate>& fates) {
  if (acknowledged > acknowledged_) {
    acknowledged_ = acknowledged;
    progress_at_ = now;
  }
  for (Answer& answer : answers_) {
    if (answer.stays_until.is_never() && answer.end <= acknowledged_) {
      answer.stays_until = Deadline::in(kStay, now);
    }
  }
  const auto first_open = std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) {
    return !answer.stays_until.reached(now);
  });
  for (auto answer = answers_.begin(); answer != first_open; ++answer) {
    fates.push_back({answer->delivery, Outcome::received});
  }
  answers_.erase(answers_.begin(), first_open);
}

void AnswerWatch::ended(std::uint64_t acknowledged, std::vector<Fate>& fates) {
  acknowledged_ = std::max(acknowledged_, acknowledged);
  const auto first_open = std::find_if(answers_.begin(), answers_.end(), [&](const Answer& answer) {
    return answer.end > acknowledged_;
  });
  for (auto answer = answers_.begin(); answer != first_open; ++answer) {
    fates.push_back({answer->delivery, Outcome::received});
  }
  answers_.erase(answers_.begin(), first_open);
}

void AnswerWatch::broken(std::uint64_t acknowledged, std::vector<Fate>& fates) {
  // The newest first: given back one by one to the head of a queue, they are in order again.
  for (auto answer = answers_.rbegin(); answer != answers_.rend(); ++answer) {
    fates.push_back({answer->delivery,
                     answer->end <= acknowledged ? Outcome::reset_after_receipt : Outcome::unread});
  }
  answers_.clear();
}

Deadline AnswerWatch::next_look(TimePoint now) const {
  if (answers_.empty()) return Deadline::never();
  if (!answers_.front().stays_until.is_never()) return answers_.front().stays_until;
  // Rarer the longer nothing moves: a stalled client must not cost a look every 20 ms for half a
  // minute.
  const Duration waited = now - progress_at_;
  return Deadline::in(std::clamp<Duration>(waited / 2, kFirstLook, std::chrono::seconds(1)), now);
}

}  // namespace pistachio::http
