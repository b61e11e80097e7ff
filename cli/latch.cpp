#include "cli/latch.h"

#include <unistd.h>
#include <uv.h>

#include <stdexcept>
#include <string>

namespace pistachio::cli {

Latch::Latch() {
  if (const int error = ::uv_pipe(pipe_.data(), 0, 0); error != 0) {
    throw std::runtime_error(std::string("cannot make a pipe: ") + ::uv_strerror(error));
  }
}

Latch::~Latch() {
  ::close(pipe_[0]);
  if (!set_) ::close(pipe_[1]);
}

void Latch::set() {
  // A pipe whose other end is closed is readable, for ever and for everyone.
  if (!set_.exchange(true)) ::close(pipe_[1]);
}

}  // namespace pistachio::cli
