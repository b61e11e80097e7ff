#pragma once

#include <uv.h>

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

}  // namespace pistachio::http
