#include "core/http/connection.h"

#include <algorithm>
#include <utility>

#include "core/http/socket_probe.h"
#include "core/seconds.h"

namespace pistachio::http {
namespace {

std::string in_seconds(Duration span) { return format_seconds(span) + " s"; }

}  // namespace

Connection::Connection(Server& server, ConnectionId id, bool unix_socket)
    : server_(server), id_(id), handle_(), unix_socket_(unix_socket) {
  handle_.any.data = this;
}

TimePoint Connection::now() const { return server_.loop_.now(); }

int Connection::fd() {
  uv_os_fd_t descriptor = -1;
  uv_fileno(&handle_.any, &descriptor);
  return descriptor;
}

void Connection::account(std::ptrdiff_t bytes) {
  buffered_ += static_cast<std::size_t>(bytes);
  server_.buffered_ += static_cast<std::size_t>(bytes);
}

// ---------------------------------------------------------------- the end of a connection

void Connection::on_end() {
  if (brings_message()) return leave_unsent();
  leave();
  if (state_ == State::dead) return;
  ended_ = true;
  if (state_ == State::waiting && context_.tag == 0) return;  // no poll: its answer is still wanted
  if (state_ == State::waiting) {
    state_ = State::lingering;
    server_.callbacks_.on_abandoned(std::exchange(context_.tag, 0));
  }
  watch_.ended(acknowledged(), server_.fates_);
  report(server_.fates_);
  if (state_ == State::dead) return;
  // What is not acknowledged yet may still be; a reset in its place is seen by the timer.
  if (!watch_.open() && uv_stream_get_write_queue_size(&handle_.stream) == 0) return die();
  if (state_ != State::lingering) begin_linger();
  activity_ = Deadline::in(AnswerWatch::kSilence, now());
  output_ = Deadline::in(AnswerWatch::kFirstLook, now());
}

void Connection::on_broken() {
  if (state_ == State::dead) return;
  // A unix socket forgets what was unread when it is reset: then nothing counts as read.
  watch_.broken(unix_socket_ ? 0 : acknowledged(), server_.fates_);
  die();
}

void Connection::die() {
  if (state_ == State::dead) return;
  const bool abandoned = state_ == State::waiting && context_.tag != 0;
  state_ = State::dead;
  if (incoming_ != Batch::kNone) server_.inbox_.withdraw(std::exchange(incoming_, Batch::kNone));
  if (outgoing_ != Batch::kNone) server_.outbox_.withdraw(std::exchange(outgoing_, Batch::kNone));
  if (watch_.open()) watch_.broken(acknowledged(), server_.fates_);
  report(server_.fates_);
  if (abandoned) server_.callbacks_.on_abandoned(context_.tag);
  TimerWheel::cancel(*this);
  account(-static_cast<std::ptrdiff_t>(buffered_));
  server_.bury(*this);
}

// Given up by us: what the kernel still holds must not arrive as if it were whole.
void Connection::cut() {
  if (!unix_socket_) reset_on_close(fd());
  die();
}

bool Connection::quiet() {
  if (outgoing_ != Batch::kNone) return false;
  if (state_ == State::lingering && shut_ && !watch_.open()) return acknowledged() == written_;
  return state_ == State::dead || (state_ == State::head && !watch_.open() &&
                                   uv_stream_get_write_queue_size(&handle_.stream) == 0);
}

// ---------------------------------------------------------------- time

void Connection::set_timer() {
  const Deadline earliest = std::min(activity_, output_);
  if (earliest.is_never()) return TimerWheel::cancel(*this);
  // A timer that rings too early is set again then: moving it with every message would cost more.
  if (scheduled() && at() <= earliest.at()) return;
  server_.timers_.schedule(*this, earliest.at());
}

void Connection::on_timer(TimePoint now) {
  leave();
  if (state_ == State::dead) return;
  if (output_.reached(now)) look_at_output(now);
  if (state_ != State::dead && activity_.reached(now)) {
    switch (state_) {
      case State::head:
        if (!quiet()) {
          // It is not idle: it still reads its answer, slowly. AnswerWatch and the output's own
          // limit see to that.
          activity_ = Deadline::in(server_.options_.idle_time, now);
        } else if (scanner_.at_start() && !has_input()) {
          die();
        } else {
          refuse(408, "the request's head did not arrive within " +
                          in_seconds(server_.options_.head_time));
        }
        break;
      case State::body:
        refuse(408,
               arriving_->deadline.reached(now)
                   ? "the request's body took longer than " + in_seconds(server_.options_.body_time)
                   : "the request's body stood still for " +
                         in_seconds(server_.options_.body_progress));
        break;
      case State::lingering:
        // A client that still reads is waited for, and an answer whose fate is open; their clocks
        // are the output's and AnswerWatch's.
        if (uv_stream_get_write_queue_size(&handle_.stream) > 0 ||
            (watch_.open() && !watch_.silent(now))) {
          activity_ = Deadline::in(AnswerWatch::kStay, now);
        } else {
          die();
        }
        break;
      case State::waiting:
      case State::dead:
        break;
    }
  }
  if (state_ != State::dead) set_timer();
}

}  // namespace pistachio::http
