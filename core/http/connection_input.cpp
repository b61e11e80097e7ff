// The receiving half of Connection: bytes to requests, and requests to their receiver.

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/http/connection.h"
#include "core/http/problem.h"

namespace pistachio::http {
namespace {

// Room for a body is made at once when so much of it has come.
constexpr std::size_t kEagerBytes = 16u << 10;

}  // namespace

void Connection::start() {
  activity_ = Deadline::in(server_.options_.idle_time, now());
  set_timer();
  start_reading();
}

void Connection::start_reading() {
  const auto allocate = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto& shared = static_cast<Connection*>(handle->data)->server_.read_buffer_;
    *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(shared.size()));
  };
  if (uv_read_start(&handle_.stream, allocate, &Connection::on_read) != 0) die();
}

void Connection::on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  Connection& self = *static_cast<Connection*>(stream->data);
  if (self.state_ == State::dead || count == 0) return;
  const std::string_view bytes(buffer->base, count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count > 0) self.note_pipelining();
  if (count > 0 && self.may_wait(bytes)) {
    self.server_.inbox_.begin().append(bytes);
    self.incoming_ = self.server_.inbox_.keep(self);
    return;
  }
  self.take_in();
  if (self.state_ == State::dead) return;
  if (count > 0) {
    self.on_bytes(bytes);
  } else if (count == UV_EOF) {
    self.on_end();
  } else {
    self.on_broken();
  }
  if (self.state_ != State::dead) self.set_timer();
}

// Called where input is seen: whoever asks before its answer has left does not know that answer.
void Connection::note_pipelining() {
  if (outgoing_ != Batch::kNone && watch_.open()) pipelines_ = true;
}

// What nearly all requests are: small, and the first thing that has come since the last answer.
bool Connection::may_wait(std::string_view bytes) const {
  return state_ == State::head && incoming_ == Batch::kNone && !has_input() &&
         bytes.size() <= Batch::kMostOfOne && !server_.inbox_.full();
}

void Connection::take_in() {
  if (incoming_ == Batch::kNone) return;
  on_bytes(server_.inbox_.take(std::exchange(incoming_, Batch::kNone)));
  if (state_ != State::dead) set_timer();
}

void Connection::on_bytes(std::string_view bytes) {
  if (state_ == State::lingering) {
    backlog().lingered += bytes.size();
    if (backlog().lingered > server_.options_.linger_bytes) die();
    return;
  }
  if (state_ == State::waiting || resume_noted_ || watch_.full()) return keep_input(bytes);
  if (!has_input()) {
    const std::size_t used = consume(bytes);
    if (used < bytes.size()) keep_input(bytes.substr(used));
    return;
  }
  keep_input(bytes);
  resume();
}

// Stores what cannot be parsed yet. Pipelined input beyond its limit stops the reading until an
// answer makes room.
void Connection::keep_input(std::string_view rest) {
  if (state_ == State::lingering || state_ == State::dead) return;
  backlog().input.append(rest);
  account(static_cast<std::ptrdiff_t>(rest.size()));
  if (server_.buffered_ > server_.options_.max_buffered) return die();
  if (backlog().input.size() > server_.options_.max_pipelined && !paused_) {
    paused_ = true;
    uv_read_stop(&handle_.stream);
    output_ =
        Deadline::in(AnswerWatch::kStay, now());  // without reading, a reset is only seen by asking
  }
}

Connection::Backlog& Connection::backlog() {
  if (!backlog_) backlog_ = std::make_unique<Backlog>();
  return *backlog_;
}

void Connection::drop_input() {
  if (!has_input()) return;
  account(-static_cast<std::ptrdiff_t>(backlog_->input.size()));
  backlog_->input = std::string();
}

// An idle connection holds no buffers.
void Connection::drop_backlog_if_done() {
  if (state_ != State::lingering && !has_input() &&
      uv_stream_get_write_queue_size(&handle_.stream) == 0) {
    backlog_.reset();
  }
}

void Connection::resume() {
  resume_noted_ = false;
  if (state_ == State::dead || state_ == State::waiting || watch_.full()) return;
  const std::size_t used = has_input() ? consume(backlog_->input) : 0;
  // Whoever ended the connection has dropped the input already.
  if (state_ == State::dead) return;
  if (state_ == State::lingering) return set_timer();
  account(-static_cast<std::ptrdiff_t>(used));
  if (used > 0) backlog_->input.erase(0, used);
  if (paused_ && (!has_input() || backlog_->input.size() <= server_.options_.max_pipelined)) {
    paused_ = false;
    start_reading();
  }
  drop_backlog_if_done();
  if (ended_ && (state_ == State::head || state_ == State::body)) on_end();
  if (state_ != State::dead) set_timer();
}

// Parses from the front of `bytes` until more is needed or a request waits for its answer; returns
// what was used.
std::size_t Connection::consume(std::string_view bytes) {
  consuming_ = true;
  std::size_t used = 0;
  while (used < bytes.size() && !watch_.full()) {
    const std::string_view rest = bytes.substr(used);
    if (state_ == State::body) {
      used += take_body(rest);
    } else if (state_ == State::head && outgoing_ != Batch::kNone) {
      note_pipelining();
      leave();
    } else if (state_ == State::head) {
      const bool first_look = scanner_.at_start();
      const auto length = scanner_.scan(rest);
      if (!length) {
        refuse(length.error().status, length.error().detail, rest);
        break;
      }
      if (!length->has_value()) {
        if (first_look && !scanner_.at_start())
          activity_ = Deadline::in(server_.options_.head_time, now());
        break;
      }
      scanner_.reset();
      used += begin_request(rest.substr(0, **length), rest.substr(**length));
    } else {
      break;
    }
  }
  consuming_ = false;
  return state_ == State::lingering || state_ == State::dead ? bytes.size() : used;
}

// Returns how many bytes of head and body were used.
std::size_t Connection::begin_request(std::string_view head_bytes, std::string_view after) {
  RequestHead& head = server_.head_;
  activity_ = Deadline::never();
  context_ = {};
  if (const auto parsed = parse_head(head_bytes, head); !parsed) {
    refuse(parsed.error().status, parsed.error().detail, head_bytes);
    return head_bytes.size();
  }
  if (watch_.open()) {
    // A request that was caused by our answer acknowledges it; one that does not was under way
    // before. After a few looks a client has shown what kind it is.
    if (probes_left_ > 0) {
      --probes_left_;
      if (acknowledged() < written_) pipelines_ = true;
    }
    if (!pipelines_) {
      watch_.next_request(server_.fates_);
      report(server_.fates_);
      look_no_more();
    }
  }
  keep_alive_ = head.keep_alive;
  http_1_0_ = head.minor_version == 0;
  is_head_ = head.method == Method::head;
  if (head.framing == BodyFraming::none) {
    deliver(head, Body());
    return head_bytes.size();
  }
  if (head.framing == BodyFraming::length && head.content_length <= after.size()) {
    const auto length = static_cast<std::size_t>(head.content_length);
    deliver(head, Body(after.substr(0, length)));
    return head_bytes.size() + length;
  }
  begin_body(head, head_bytes, !after.empty());
  return head_bytes.size();
}

// The head came without its whole body: is the body wanted at all?
void Connection::begin_body(const RequestHead& head, std::string_view head_bytes,
                            bool body_follows) {
  Response& refusal = server_.refusal_;
  refusal.clear();
  state_ = State::waiting;
  const std::optional<std::size_t> limit = server_.callbacks_.on_head(head, id_, refusal);
  if (!limit) {
    refusal.close = true;
    return send(refusal);
  }
  state_ = State::body;
  arriving_ = std::make_unique<Arriving>();
  arriving_->head = head_bytes;
  arriving_->left = head.framing == BodyFraming::length ? head.content_length : 0;
  arriving_->chunked = head.framing == BodyFraming::chunked;
  arriving_->limit = *limit;
  arriving_->deadline = Deadline::in(server_.options_.body_time, now());
  activity_ = Deadline::in(server_.options_.body_progress, now());
  account(static_cast<std::ptrdiff_t>(head_bytes.size()));
  if (head.expects_continue && !body_follows) write("HTTP/1.1 100 Continue\r\n\r\n", {});
}

std::size_t Connection::take_body(std::string_view bytes) {
  Arriving& arriving = *arriving_;
  const std::size_t before = arriving.content.size();
  std::size_t used = 0;
  bool whole = false;
  if (arriving.chunked) {
    const auto decoded = arriving.decoder.decode(bytes, arriving.content, arriving.limit - before);
    if (!decoded) {
      account(static_cast<std::ptrdiff_t>(arriving.content.size() - before));
      const int status = decoded.error().status;
      refuse(status, status == 413 ? "the body has more than " + std::to_string(arriving.limit) +
                                         " bytes, the most that are taken here; send less, or in "
                                         "several"
                                   : decoded.error().detail);
      return bytes.size();
    }
    used = *decoded;
    whole = arriving.decoder.done();
  } else {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(arriving.left, bytes.size()));
    // Room for what was announced, but only once a part has come: a promise must not cost memory.
    if (before + used > kEagerBytes)
      arriving.content.reserve(before + static_cast<std::size_t>(arriving.left));
    arriving.content.append(bytes.substr(0, used));
    arriving.left -= used;
    whole = arriving.left == 0;
  }
  account(static_cast<std::ptrdiff_t>(arriving.content.size() - before));
  if (server_.buffered_ > server_.options_.max_buffered) {
    refuse(503, "the server holds as many unfinished requests as it may; try again later");
    return used;
  }
  activity_ = std::min(Deadline::in(server_.options_.body_progress, now()), arriving.deadline);
  if (!whole) return used;

  const std::unique_ptr<Arriving> done = std::move(arriving_);
  account(-static_cast<std::ptrdiff_t>(done->head.size() + done->content.size()));
  activity_ = Deadline::never();
  // The first look at this head was into bytes that have gone; it is as good as then.
  const auto parsed = parse_head(done->head, server_.head_);
  assert(parsed.has_value());
  (void)parsed;
  deliver(server_.head_, Body(&done->content));
  return used;
}

void Connection::deliver(const RequestHead& head, Body body) {
  state_ = State::waiting;
  server_.callbacks_.on_request(head, body, id_);
  // A client that had closed its sending side before this request was parsed counts as gone, if it
  // is a poll.
  if (ended_ && state_ == State::waiting && context_.tag != 0) on_end();
}

// `head`: what has come of a head that nobody else has seen.
void Connection::refuse(int status, std::string_view detail, std::string_view head) {
  Response& refusal = server_.refusal_;
  refusal.clear();
  set_problem(refusal, status, detail);
  if (status == 503) refusal.add("Retry-After", "1");
  refusal.close = true;
  state_ = State::waiting;  // first: on_refusal looks for what on_head has left with the request
  server_.callbacks_.on_refusal(id_, head, refusal);
  send(refusal);
}

}  // namespace pistachio::http
