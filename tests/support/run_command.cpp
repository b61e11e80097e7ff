#include "tests/support/run_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>

#include "cli/app.h"

namespace pistachio::test {

Output::Output(Kind kind) {
  if (kind == Kind::pipe) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    read_end_ = ends[0];
    write_end_ = ends[1];
    return;
  }
  if (kind == Kind::terminal) {
    read_end_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (read_end_ < 0 || ::grantpt(read_end_) != 0 || ::unlockpt(read_end_) != 0) {
      throw std::runtime_error("pty");
    }
    write_end_ = ::open(::ptsname(read_end_), O_WRONLY | O_NOCTTY | O_CLOEXEC);
    return;
  }
  char name[] = "/tmp/pistachio-test-XXXXXX";
  write_end_ = ::mkstemp(name);
  read_end_ = ::open(name, O_RDONLY | O_CLOEXEC);
  ::unlink(name);
}

Output::~Output() {
  close_write_end();
  close_read_end();
}

void Output::close_write_end() {
  if (write_end_ >= 0) ::close(write_end_);
  write_end_ = -1;
}

void Output::close_read_end() {
  if (read_end_ >= 0) ::close(read_end_);
  read_end_ = -1;
}

std::string Output::read_line() {
  for (;;) {
    const auto end = buffer_.find('\n');
    if (end != std::string::npos) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    const std::string more = read_some(4096);
    if (more.empty()) return std::exchange(buffer_, "");
    buffer_ += more;
  }
}

std::string Output::read_some(std::size_t size) {
  std::string bytes(size, '\0');
  const auto got = ::read(read_end_, bytes.data(), size);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

std::string Output::read_all() {
  std::string all = std::exchange(buffer_, "");
  for (std::string more; !(more = read_some(65536)).empty();) all += more;
  return all;
}

Command::Command(std::vector<std::string> arguments, Output& output)
    : Command(std::move(arguments), output, Setting()) {}

Command::Command(std::vector<std::string> arguments, Output& output, Setting setting) {
  if (::pipe2(signals_, O_CLOEXEC) != 0 || ::pipe2(input_, O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe");
  }
  feeder_ = std::thread([this, bytes = setting.input] {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto written = ::write(input_[1], bytes.data() + at, bytes.size() - at);
      if (written <= 0) break;
      at += static_cast<std::size_t>(written);
    }
    ::close(input_[1]);
  });
  thread_ = std::thread([this, arguments = std::move(arguments), out = output.write_end(),
                         environment = std::move(setting.environment)] {
    const cli::Surroundings surroundings{
        .in = input_[0],
        .out = out,
        .err = errors_,
        .err_is_terminal = false,
        .environment = [&environment](const std::string& name) -> std::optional<std::string> {
          const auto at = environment.find(name);
          return at == environment.end() ? std::nullopt : std::optional(at->second);
        },
        .signals = signals_[0]};
    status_ = cli::run_app(arguments, surroundings);
    ::close(input_[0]);
  });
}

Command::~Command() {
  if (thread_.joinable()) {
    signal(SIGTERM);
    thread_.join();
  }
  if (feeder_.joinable()) feeder_.join();
  ::close(signals_[0]);
  ::close(signals_[1]);
}

void Command::signal(int number) {
  const auto byte = static_cast<unsigned char>(number);
  if (::write(signals_[1], &byte, 1) != 1) throw std::runtime_error("signal");
}

int Command::status() {
  if (thread_.joinable()) thread_.join();
  return status_;
}

Result run_command(std::vector<std::string> arguments, Command::Setting setting) {
  Output output(Output::Kind::file);
  Command command(std::move(arguments), output, std::move(setting));
  const int status = command.status();
  return {status, output.read_all(), command.errors()};
}

}  // namespace pistachio::test
