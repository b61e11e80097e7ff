// The sending half of Connection: answers, what the socket did not take at once, and what became of
// both.

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "core/http/connection.h"
#include "core/http/socket_probe.h"

namespace pistachio::http {
/// What the socket did not take at once; lives until libuv has written it or given up.
struct Connection::Write {
  uv_write_t request;
  Connection* connection;
  std::string bytes;
};

void Connection::send(const Response& response) {
  assert(state_ == State::waiting && outgoing_ == Batch::kNone);
  const bool keep =
      keep_alive_ && !response.close && !server_.draining_ && !(ended_ && !has_input());
  context_ = {};
  Batch& outbox = server_.outbox_;
  std::string_view content = is_head_ ? std::string_view() : response.content();
  const bool joined = content.size() <= Batch::kMostOfOne;
  const bool waits = joined && keep && !outbox.full();
  if (response.delivery != 0) {
    // Whoever has sent its next request before this answer does not prove by it that the answer
    // arrived. What comes while an answer waits is seen before it leaves.
    if (has_input()) pipelines_ = true;
    if (!waits && !look_at_input()) {
      server_.fates_.push_back({response.delivery, Outcome::unread});
      return die();
    }
  }
  state_ = State::head;
  drop_body();  // a refused one is no longer under way
  std::string& out = outbox.begin();
  write_head(response, keep, http_1_0_, server_.date(), out);
  if (joined) {
    out.append(content);  // one piece is cheaper to send than two
    content = {};
  }
  if (response.delivery != 0) {
    watch_.add(response.delivery, written_ + outbox.begun().size() + content.size(), now());
    if (output_.is_never()) output_ = Deadline::in(AnswerWatch::kFirstLook, now());
  }
  if (waits) {
    outgoing_ = outbox.keep(*this);
  } else {
    write(outbox.begun(), content);
    outbox.drop();
    if (state_ == State::dead) return;
  }
  if (keep) {
    activity_ = Deadline::in(server_.options_.idle_time, now());
    if (has_input() && !consuming_ && !resume_noted_) {
      resume_noted_ = true;
      server_.resume_.push_back(id_);
    }
  } else {
    begin_linger();
    if (ended_) on_end();
  }
  if (state_ != State::dead) set_timer();
}

// A client that closed its sending side before its message leaves has gone; afterwards it would
// look like one that has read it.
bool Connection::look_at_input() {
  const Unread next = next_unread(fd());
  if (next == Unread::input) pipelines_ = true;
  return next == Unread::nothing || (next == Unread::input && !peer_has_ended(fd()));
}

void Connection::leave() {
  if (outgoing_ == Batch::kNone) return;
  // What was read may have been all that this client had to say, and its end not read yet.
  if (pipelines_ && brings_message() && peer_has_ended(fd())) return leave_unsent();
  write(server_.outbox_.take(std::exchange(outgoing_, Batch::kNone)), {});
  if (state_ != State::dead) set_timer();
}

// It closed before its message left; afterwards it would look like one that has read it.
void Connection::leave_unsent() {
  if (was_reset(fd())) return on_broken();
  watch_.ended(acknowledged(), server_.fates_);
  report(server_.fates_);
  die();
}

void Connection::leave_early() {
  if (!brings_message() || next_unread(fd()) == Unread::nothing) leave();
}

// Straight to the socket what it takes at once. uv_try_write() would do no more, but by way of
// writev(), whose path through the kernel is longer than send()'s, and it is walked for every
// message. What the socket does not take is libuv's to wait with.
ssize_t Connection::send_now(std::string_view head, std::string_view body) {
  if (uv_stream_get_write_queue_size(&handle_.stream) > 0) return 0;
  ssize_t sent = 0;
  do {
    if (body.empty()) {
      sent = ::send(fd(), head.data(), head.size(), MSG_NOSIGNAL);
    } else {
      // The kernel does not change what it is given to send; iovec only lacks the const.
      iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                        {const_cast<char*>(body.data()), body.size()}};
      msghdr message{};
      message.msg_iov = parts;
      message.msg_iovlen = 2;
      sent = sendmsg(fd(), &message, MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  return sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : sent;
}

void Connection::write(std::string_view head, std::string_view body) {
  const std::size_t total = head.size() + body.size();
  const ssize_t sent = send_now(head, body);
  written_ += total;
  if (sent < 0) return on_broken();
  auto taken = static_cast<std::size_t>(sent);
  if (taken == total) return;

  auto* const rest = new Write{{}, this, {}};
  rest->request.data = rest;
  rest->bytes.reserve(total - taken);
  if (taken < head.size()) {
    rest->bytes.append(head.substr(taken));
    taken = head.size();
  }
  rest->bytes.append(body.substr(taken - head.size()));
  account(static_cast<std::ptrdiff_t>(rest->bytes.size()));
  const uv_buf_t buffer =
      uv_buf_init(rest->bytes.data(), static_cast<unsigned>(rest->bytes.size()));
  const int queued =
      uv_write(&rest->request, &handle_.stream, &buffer, 1, [](uv_write_t* request, int result) {
        Write* const written = static_cast<Write*>(request->data);
        written->connection->on_written(*written, result);
        delete written;
      });
  if (queued != 0) {
    account(-static_cast<std::ptrdiff_t>(rest->bytes.size()));
    delete rest;
    return on_broken();
  }
  backlog().queue_moved_at = now();
  backlog().queue_seen = uv_stream_get_write_queue_size(&handle_.stream);
  if (output_.is_never()) output_ = Deadline::in(AnswerWatch::kStay, now());
  // Clients that do not read must not fill the memory: they get what they asked for again when they
  // come back.
  if (server_.buffered_ > server_.options_.max_buffered) cut();
}

void Connection::on_written(Write& write, int status) {
  if (state_ == State::dead) return;
  account(-static_cast<std::ptrdiff_t>(write.bytes.size()));
  if (status < 0) return on_broken();
  if (state_ == State::lingering) begin_linger();
  set_timer();
}

// The last answer was given. Our side is closed once everything is written, the client's side is
// read until it closes too: closing at once would reset the connection under an answer that is
// still on its way.
void Connection::begin_linger() {
  if (state_ != State::lingering) {
    state_ = State::lingering;
    drop_body();
    drop_input();
    activity_ = Deadline::in(server_.options_.linger_time, now());
    if (paused_) {
      paused_ = false;
      start_reading();
    }
  }
  if (shut_ || uv_stream_get_write_queue_size(&handle_.stream) > 0) return;
  shut_ = true;
  activity_ = Deadline::in(server_.options_.linger_time, now());  // from its last byte on
  // Not uv_shutdown(): it would need a request of its own to say no more than this call does.
  if (shutdown(fd(), SHUT_WR) != 0) on_broken();
}

void Connection::drop_body() {
  if (!arriving_) return;
  account(-static_cast<std::ptrdiff_t>(arriving_->head.size() + arriving_->content.size()));
  arriving_.reset();
}

std::uint64_t Connection::acknowledged() {
  const std::uint64_t queued = uv_stream_get_write_queue_size(&handle_.stream);
  const std::uint64_t unknown = unacknowledged_bytes(fd(), shut_ && !unix_socket_);
  // On a unix socket the figure is memory, not bytes: only its absence means something.
  if (unix_socket_ && unknown > 0) return 0;
  return written_ - std::min(written_, queued + unknown);
}

void Connection::look_at_output(TimePoint now) {
  output_ = Deadline::never();
  if ((paused_ || ended_) && connection_gone(fd())) return on_broken();
  // libuv would tell of a reset by itself, but the process may have slept since it last looked at
  // its sockets, and then it is not yet known that a client which seems to have stayed has gone.
  // Not connection_gone(): a client that closed in order after our last answer has gone, too, and
  // has received it.
  if (watch_.open() && was_reset(fd())) return on_broken();
  const std::uint64_t queued = uv_stream_get_write_queue_size(&handle_.stream);
  bool stalled = false;
  if (queued > 0) {
    Backlog& output = backlog();
    if (queued != output.queue_seen) {
      output.queue_seen = queued;
      output.queue_moved_at = now;
    }
    stalled = now - output.queue_moved_at >= server_.options_.reader_progress;
  } else {
    drop_backlog_if_done();
  }
  if (watch_.open()) {
    const bool was_full = watch_.full();
    const std::uint64_t arrived = acknowledged();
    if (ended_) {
      watch_.ended(arrived, server_.fates_);
    } else {
      watch_.acknowledged(arrived, now, server_.fates_);
    }
    report(server_.fates_);
    if (state_ == State::dead) return;
    if (was_full && !watch_.full() && state_ == State::head && has_input() && !resume_noted_) {
      resume_noted_ = true;
      server_.resume_.push_back(id_);
    }
  }
  if (stalled || watch_.silent(now)) return cut();
  if (ended_ && state_ == State::lingering && !watch_.open() && queued == 0) return die();
  output_ = watch_.next_look(now);
  if (queued > 0 || paused_) output_ = std::min(output_, Deadline::in(AnswerWatch::kStay, now));
}

// The output is as the client's next request has shown it to be.
void Connection::look_no_more() {
  if (paused_ || ended_ || uv_stream_get_write_queue_size(&handle_.stream) > 0) return;
  output_ = Deadline::never();
}

void Connection::report(std::vector<AnswerWatch::Fate>& fates) {
  // Set aside: what is told may lead to more being told.
  for (std::size_t i = 0; i < fates.size(); ++i) {
    const AnswerWatch::Fate fate = fates[i];
    server_.callbacks_.on_outcome(fate.delivery, fate.outcome);
  }
  fates.clear();
}

}  // namespace pistachio::http
