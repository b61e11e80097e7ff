#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"

namespace pistachio {

// Ends HTTP exchanges from outside. The HTTP library blocks in whatever it does (connect, send,
// wait, read a head that comes byte by byte) and its timeouts are per system call, so one thread
// beside it keeps the deadlines of all exchanges and shuts down the socket of one that is late or
// no longer wanted: every state it can block in ends at once (but for the resolution of a name).
//
//   ExchangeWatch::Exchange exchange(watch, deadline, waits);   // the exchange begins
//   … socket_is(fd) as soon as there is one, before it connects …
//   exchange.cut() says afterwards whether and why it was ended; the destructor ends it
//
// An exchange that is cut before it has a socket is not forgotten: the socket is shut down as soon
// as it is told. May be used from any thread; one Exchange from one thread only.
class ExchangeWatch {
 public:
  enum class Cut { no, late, stopped };

  ExchangeWatch() = default;
  ~ExchangeWatch();
  ExchangeWatch(const ExchangeWatch&) = delete;
  ExchangeWatch& operator=(const ExchangeWatch&) = delete;

  /// Ends, now and from now on, every exchange that `waits` (a poll). The others (what settles a
  /// message) go on until their deadline.
  void stop();

  bool stopped() const;

  class Exchange {
   public:
    /// `deadline` is on the steady clock. The watch must outlive this.
    Exchange(ExchangeWatch& watch, Deadline deadline, bool waits);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// The exchange uses `socket` from now on. The descriptor stays the caller's, who keeps it open
    /// until this Exchange has ended or knows another.
    void socket_is(int socket);

    Cut cut() const;

   private:
    friend class ExchangeWatch;
    void end_as(Cut why);  // with the watch's mutex held

    ExchangeWatch& watch_;
    const Deadline deadline_;
    const bool waits_;
    int socket_ = -1;
    Cut cut_ = Cut::no;
  };

 private:
  void run();

  // Everything below is guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Exchange*> under_way_;
  Deadline wakes_at_;  // when the thread will look by itself
  bool stopped_ = false;
  bool leaving_ = false;
  std::thread thread_;  // started by the first exchange
};

}  // namespace pistachio
