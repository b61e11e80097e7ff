#pragma once

#include <uv.h>

#include <memory>
#include <utility>

#include "core/http/server.h"

namespace pistachio::http {

/// One listening socket. Belongs to the Server until it is closed.
struct Server::Listener {
  union {
    uv_handle_t any;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  Server* server = nullptr;
  bool unix_socket = false;
  bool connection_pending = false;  // not accepted yet: all places are taken

  Listener() : pipe() { any.data = this; }

  /// Stops listening; deleted once libuv has let go of it.
  static void close(std::unique_ptr<Listener> listener) {
    uv_close(&listener.release()->any,
             [](uv_handle_t* handle) { delete static_cast<Listener*>(handle->data); });
  }
};

}  // namespace pistachio::http
