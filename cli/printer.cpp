#include "cli/printer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "cli/exit_status.h"

namespace pistachio::cli {
namespace {

// What a pipe that poll() finds writable takes without blocking (POSIX: PIPE_BUF is at least 512;
// here it is a page).
constexpr std::size_t kChunk = 4096;

// How often a pipe or socket is looked at that poll() tells nothing about.
constexpr Duration kTick(5);

// write(), but where it would have to wait it does nothing and fails: EAGAIN, or EOPNOTSUPP of a
// system that cannot tell (Linux knows it for pipes since 6.4). O_NONBLOCK would be set for all who
// share the pipe.
ssize_t write_at_once(int out, std::string_view bytes) {
#ifdef RWF_NOWAIT
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  return ::pwritev2(out, &piece, 1, -1, RWF_NOWAIT);
#else
  static_cast<void>(out);
  static_cast<void>(bytes);
  errno = EOPNOTSUPP;
  return -1;
#endif
}

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

}  // namespace

Printer::Printer(int out, PrintFormat format, const Latch& stop)
    : out_(out), format_(format), stop_(stop) {
  struct stat about {};
  if (::fstat(out, &about) != 0) return;  // The first write will say what is wrong.
  is_regular_ = S_ISREG(about.st_mode);
  is_terminal_ = ::isatty(out_) == 1;
  if (S_ISFIFO(about.st_mode)) kind_ = Kind::pipe;
  if (S_ISSOCK(about.st_mode)) kind_ = Kind::socket;
  shrink();
}

Printer::~Printer() {
#ifdef F_SETPIPE_SZ
  // Others may write to the pipe after us.
  if (original_size_ > 0) ::fcntl(out_, F_SETPIPE_SZ, original_size_);
#endif
}

// True when it is a pipe and has one page now. Tried again each time, since others who share it may
// change that.
bool Printer::shrink() {
#ifdef F_SETPIPE_SZ
  if (kind_ != Kind::pipe) return false;
  const long page = ::sysconf(_SC_PAGESIZE);
  const int size = ::fcntl(out_, F_GETPIPE_SZ);
  if (size == page) return true;
  if (size < page || ::fcntl(out_, F_SETPIPE_SZ, 1) != page) return false;
  if (original_size_ == 0) original_size_ = size;
  return true;
#else
  return false;
#endif
}

Handed Printer::hand(const Envelope& message, HeldMessages& held) {
  line_.clear();
  if (format_.json) {
    message.write_line(line_);
  } else {
    line_ = message.data;
    line_ += format_.terminator;
  }
  Step step = write(line_, held);
  if (step == Step::ready) step = until_read(held);
  if (step == Step::ready) return {};
  if (error_ != 0) {
    return {.fate = Handed::Fate::refused,
            .end = kFailed,
            .why = std::string("cannot write to standard output: ") + std::strerror(error_)};
  }
  if (step == Step::gone) return {.fate = Handed::Fate::refused, .end = kDone};
  return {.fate = Handed::Fate::refused};
}

Printer::Step Printer::write(std::string_view bytes, HeldMessages& held) {
  if (kind_ == Kind::pipe && bytes.size() <= kChunk) {
    // The reader has mostly taken what was before, and then poll() has nothing to tell.
    const auto written = write_at_once(out_, bytes);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  while (!bytes.empty()) {
    std::size_t size = bytes.size();
    if (!is_regular_) {
      std::array<pollfd, 2> events = {{{stop_.descriptor(), POLLIN, 0}, {out_, POLLOUT, 0}}};
      held.wait(events, Deadline::never());
      if (events[0].revents != 0) return Step::stopped;
      size = std::min(size, kChunk);
    }
    const auto written = ::write(out_, bytes.data(), size);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE || (errno == ECONNRESET && kind_ == Kind::socket)) {
      gone_ = true;
      return Step::gone;
    } else if (errno != EINTR && errno != EAGAIN) {
      error_ = errno;
      gone_ = true;
      return Step::gone;
    }
  }
  return Step::ready;
}

Printer::Step Printer::until_read(HeldMessages& held) {
  if (kind_ == Kind::file) return Step::ready;
  if (kind_ == Kind::pipe && reader_.look_until([this] { return is_empty(); })) return Step::ready;
  for (;;) {
    // Without news of its becoming empty only a reader that goes is an event.
    const bool has_news = shrink();
    std::array<pollfd, 2> events = {
        {{stop_.descriptor(), POLLIN, 0}, {out_, static_cast<short>(has_news ? POLLOUT : 0), 0}}};
    held.wait(events, has_news ? Deadline::never() : Deadline::in(kTick, now()));
    if ((events[1].revents & (POLLERR | POLLHUP)) != 0) gone_ = true;
    // What the reader has taken it has taken, whether it is still there or not.
    if (is_empty()) {
      reader_.slept();
      return Step::ready;
    }
    if (gone_) return Step::gone;
    if (events[0].revents != 0) return Step::stopped;
  }
}

bool Printer::is_empty() const {
  int unread = 0;
  if (kind_ == Kind::pipe) return ::ioctl(out_, FIONREAD, &unread) != 0 || unread == 0;
  return ::ioctl(out_, TIOCOUTQ, &unread) != 0 || unread == 0;
}

}  // namespace pistachio::cli
