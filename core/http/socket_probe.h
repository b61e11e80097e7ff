#pragma once

#include <cstddef>

namespace pistachio::http {

// What the kernel knows of a connected socket. Each question is a system call of about a
// microsecond: none of them belongs on the hot path.

/// Bytes written to `fd` that the peer's TCP has not acknowledged; still right after a reset.
/// `fin_sent`: our own FIN counts as one in the kernel's figure and is taken off. On a unix socket:
/// not 0 while the peer has unread bytes (the figure is memory, not bytes, and 0 after a reset). 0
/// when the question fails.
std::size_t unacknowledged_bytes(int fd, bool fin_sent);

/// What a peer has sent that was not read yet.
enum class Unread {
  nothing,
  input,  ///< maybe its end, too
  end,    ///< it has closed its sending side, or all of it
};
Unread next_unread(int fd);

/// The peer has closed its sending side (or all of it), whatever input is still unread before that.
bool peer_has_ended(int fd);

/// The peer has reset the connection, and nobody has read that error yet.
bool was_reset(int fd);

/// Closing `fd` will reset the connection and drop what the kernel has not sent yet: whoever is
/// still there must not take a part for the whole.
void reset_on_close(int fd);

/// The TCP connection no longer exists (reset, or closed from both sides); false on a unix socket.
bool connection_gone(int fd);

}  // namespace pistachio::http
