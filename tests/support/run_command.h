#pragma once

#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace pistachio::test {

/// Where a command under test writes its data: a file, or a pipe or terminal whose other end the
/// test reads.
class Output {
 public:
  enum class Kind { pipe, terminal, file };
  explicit Output(Kind kind = Kind::pipe);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  int write_end() const { return write_end_; }

  /// The command's end is closed: what is read next ends.
  void close_write_end();
  /// Nobody reads any more.
  void close_read_end();

  /// The next line without its newline; what there is, when the end comes first.
  std::string read_line();
  /// Up to `size` bytes, as one read() gives them.
  std::string read_some(std::size_t size);
  /// Everything up to the end; for a file everything so far.
  std::string read_all();

 private:
  int read_end_ = -1;
  int write_end_ = -1;
  std::string buffer_;
};

/// `pistachio ARGUMENTS`, run in this process on a thread of its own, with an environment, standard
/// input and signals of its own.
class Command {
 public:
  struct Setting {
    std::string input = "";
    std::map<std::string, std::string> environment = {};
  };
  Command(std::vector<std::string> arguments, Output& output);
  Command(std::vector<std::string> arguments, Output& output, Setting setting);
  ~Command();

  /// As if the signal had come.
  void signal(int number);

  /// Waits for its end; the exit status.
  int status();

  /// What it said on stderr; call after status().
  std::string errors() const { return errors_.str(); }

 private:
  std::ostringstream errors_;
  int signals_[2] = {-1, -1};
  int input_[2] = {-1, -1};
  int status_ = -1;
  std::thread feeder_;
  std::thread thread_;
};

/// The same, waited for: exit status, data and what it said.
struct Result {
  int status;
  std::string out;
  std::string err;
};
Result run_command(std::vector<std::string> arguments, Command::Setting setting = {});

}  // namespace pistachio::test
