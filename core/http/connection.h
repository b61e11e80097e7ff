#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http/answer_watch.h"
#include "core/http/chunked_decoder.h"
#include "core/http/head_scanner.h"
#include "core/http/request_parser.h"
#include "core/http/server.h"
#include "core/timer_wheel.h"

namespace pistachio::http {

/// One client: reads requests one after the other, writes their answers, and watches what becomes
/// of those that somebody asked about. Made by the Server, which owns it until libuv has closed it.
/// It never deletes itself: a connection that dies is buried and closed at the end of the turn, so
/// that nothing the present call stands on goes away.
class Connection : public Timer {
 public:
  Connection(Server& server, ConnectionId id, bool unix_socket);

  /// Of a unix socket, too: to libuv a connection is a stream, whatever its family, and a pipe's
  /// handle has more that nobody here needs.
  uv_tcp_t* tcp() { return &handle_.tcp; }
  uv_stream_t* stream() { return &handle_.stream; }
  uv_handle_t* handle() { return &handle_.any; }
  ConnectionId id() const { return id_; }
  Server& server() { return server_; }
  RequestContext& context() { return context_; }
  bool waits_for_answer() const { return state_ == State::waiting; }

  /// Begins to read; the connection has been accepted into tcp().
  void start();

  /// Answers the request that waits. `response` may be reused when it returns. A small answer
  /// waits in the outbox, at the most until the next turn or until this connection does anything
  /// else.
  void send(const Response& response);

  /// Reads what is in the inbox, if anything is.
  void take_in();
  /// Sends the answer that is in the outbox, if there is one.
  void leave();
  /// The same in the turn that made it, at the price of a look at the socket: a message does not
  /// leave when anything has come meanwhile, which the next turn reads before it.
  void leave_early();
  /// A message is in the outbox: not only the word about a push.
  bool brings_message() const { return watch_.last_end() > written_; }

  /// Parses input that was waiting while the request before it was answered.
  void resume();

  /// Its timer rang.
  void on_timer(TimePoint now);

  /// Closes at the end of this turn; open answers get their outcome now.
  void die();
  /// die(), and resets the connection: the client must see that its answer is not whole.
  [[gnu::cold]] void cut();

  /// Nothing is under way: an idle connection, or one that only waits to be closed.
  bool quiet();

  /// Bytes of memory it holds for input and output.
  std::size_t buffered() const { return buffered_; }

 private:
  enum class State : std::uint8_t {
    head,       ///< reading a request's head, or idle between two
    body,       ///< reading its body
    waiting,    ///< the request is with its receiver
    lingering,  ///< the last answer was given; what comes is read and dropped until the client
                ///< closes
    dead,
  };
  /// A request whose body did not come with its head.
  struct Arriving {
    std::string head;
    std::string content;
    std::uint64_t left = 0;  // by Content-Length
    std::size_t limit = 0;
    bool chunked = false;
    ChunkedDecoder decoder;
    Deadline deadline;
  };
  /// What only a connection has on which something waits: more input than could be parsed, or
  /// output that its client is slow to take. Nearly none ever does.
  struct Backlog {
    std::string input;             // received and not parsed yet
    std::uint64_t queue_seen = 0;  // libuv's queue when it was last looked at
    TimePoint queue_moved_at{};
    std::uint64_t lingered = 0;  // bytes dropped while lingering
  };
  struct Write;

  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  void note_pipelining();
  bool may_wait(std::string_view bytes) const;
  void on_bytes(std::string_view bytes);
  void on_end();
  [[gnu::cold]] void on_broken();

  std::size_t consume(std::string_view bytes);
  std::size_t begin_request(std::string_view head, std::string_view after);
  void begin_body(const RequestHead& head, std::string_view head_bytes, bool body_follows);
  std::size_t take_body(std::string_view bytes);
  void deliver(const RequestHead& head, Body body);
  [[gnu::cold]] void refuse(int status, std::string_view detail, std::string_view head = {});
  void drop_body();
  void keep_input(std::string_view rest);
  Backlog& backlog();
  bool has_input() const { return backlog_ && !backlog_->input.empty(); }
  void drop_input();
  void drop_backlog_if_done();

  bool look_at_input();
  void leave_unsent();
  ssize_t send_now(std::string_view head, std::string_view body);
  void write(std::string_view head, std::string_view body);
  void on_written(Write& write, int status);
  void begin_linger();
  std::uint64_t acknowledged();
  void look_at_output(TimePoint now);
  void look_no_more();
  void report(std::vector<AnswerWatch::Fate>& fates);
  void set_timer();
  void start_reading();
  void account(std::ptrdiff_t bytes);
  TimePoint now() const;
  int fd();

  Server& server_;
  const ConnectionId id_;
  union Handle {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
  } handle_;

  std::unique_ptr<Backlog> backlog_;
  std::unique_ptr<Arriving> arriving_;
  RequestContext context_;
  AnswerWatch watch_;
  std::uint64_t written_ = 0;  // bytes handed to the socket or to libuv's queue, ever; the outbox's
                               // are not among them
  Deadline activity_;          // when the present state has lasted too long
  Deadline output_;            // when to look at what became of the output
  std::size_t buffered_ = 0;
  Batch::Place incoming_ = Batch::kNone;  // in the inbox; only while nothing else is under way
  Batch::Place outgoing_ = Batch::kNone;  // in the outbox; never while a request is under way
  HeadScanner scanner_;
  State state_ = State::head;
  std::uint8_t probes_left_ =
      4;  // requests at which the kernel is asked whether the answer before had arrived
  bool unix_socket_ : 1;
  bool keep_alive_ : 1 = true;
  bool http_1_0_ : 1 = false;
  bool is_head_ : 1 = false;
  bool pipelines_ : 1 = false;  // has sent a request before it had the answer to the one before
  bool ended_ : 1 = false;      // the client has closed its sending side
  bool shut_ : 1 = false;       // we have closed ours
  bool paused_ : 1 = false;     // too much input waits: nothing is read
  bool consuming_ : 1 = false;  // consume() is at work: send() must not call it
  bool resume_noted_ : 1 = false;
};

}  // namespace pistachio::http
