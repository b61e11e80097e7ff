#include "cli/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace pistachio::cli {
namespace {

// How often a child is looked at where the system gives no descriptor for it.
constexpr int kTick = 10;  // milliseconds

// A file without a name that holds `bytes`, from its start; −1 and errno when there is none. Unlike
// a pipe it takes them all at once, whether and when the command reads them or not.
int nameless_file(const std::string& bytes) {
#ifdef MFD_CLOEXEC
  const int file = ::memfd_create("message", MFD_CLOEXEC);
#else
  char name[] = "/tmp/pistachio-XXXXXX";
  const int file = ::mkstemp(name);
  if (file >= 0) {
    ::unlink(name);
    ::fcntl(file, F_SETFD, FD_CLOEXEC);
  }
#endif
  for (std::size_t at = 0; file >= 0 && at < bytes.size();) {
    const auto written = ::write(file, bytes.data() + at, bytes.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int why = errno;
      ::close(file);
      errno = why;
      return -1;
    }
    at += static_cast<std::size_t>(written);
  }
  if (file >= 0) ::lseek(file, 0, SEEK_SET);
  return file;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(variables.begin(), variables.end(),
                                      [&name](const auto& ours) { return ours.first == name; });
    if (!replaced) all.push_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return all;
}

// posix_spawn with what every child here needs. The error number, 0 for none.
int spawn(pid_t& pid, const Child::Start& how, int input) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  if (how.out != STDOUT_FILENO) {
    ::posix_spawn_file_actions_adddup2(&files, how.out, STDOUT_FILENO);
  }
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
  // All of ours are closed on exec, but another thread may be between making one and saying so.
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
#endif
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);  // which we ignore
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);

  std::string shell = "sh";
  std::string option = "-c";
  std::string command = how.command;
  char* const arguments[] = {shell.data(), option.data(), command.data(), nullptr};
  auto variables = environment_with(how.variables);
  std::vector<char*> pointers;
  for (auto& variable : variables) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  const int error = ::posix_spawn(&pid, "/bin/sh", &files, &attributes, arguments, pointers.data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

Expected<Child> Child::start(const Start& how) {
  const auto fail = [](int error) {
    return failure(Errc::unavailable,
                   std::string("cannot start a command: ") + std::strerror(error));
  };
  const int input = nameless_file(how.input);
  if (input < 0) return fail(errno);
  pid_t pid = -1;
  const int error = spawn(pid, how, input);
  ::close(input);
  if (error != 0) return fail(error);
  return Child(pid);
}

Child::Child(pid_t pid) : pid_(pid) {
#ifdef SYS_pidfd_open
  descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // closed on exec
#endif
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      status_(other.status_) {}

Child::~Child() {
  end(Duration::zero());
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<int> Child::status() {
  int status = 0;
  if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    status_ = status;
    pid_ = -1;
  }
  return status_;
}

void Child::end(Duration grace) {
  if (pid_ <= 0 || status()) return;
  const pid_t group = pid_;
  ::kill(-group, SIGTERM);
  const auto give_up = std::chrono::steady_clock::now() + grace;
  while (!status() && std::chrono::steady_clock::now() < give_up) ::poll(nullptr, 0, kTick);
  // Also when the shell has ended: what it started may not have.
  ::kill(-group, SIGKILL);
  while (!status()) ::poll(nullptr, 0, kTick);
}

}  // namespace pistachio::cli
