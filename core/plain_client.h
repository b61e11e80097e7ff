#pragma once

#include <memory>
#include <string>

namespace httplib {
class ClientImpl;
}

namespace pistachio {

/// The library's client for connections without TLS, without most of the system calls that it makes
/// for each request: it asks three times whether the socket is alive or writable, sends fields and
/// body apart, and waits by poll() for what recv() waits for as well.
///
/// A call blocks until there is something, or the socket is shut down: the client's timeouts do not
/// apply to reading and writing. Whoever uses it shuts the socket down when it is late (see
/// ExchangeWatch). `host` may be the path of a unix socket.
std::unique_ptr<httplib::ClientImpl> make_plain_client(const std::string& host, int port);

}  // namespace pistachio
