#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pistachio::http {

/// One answer to one request. Reusable: clear() keeps the memory of its strings.
struct Response {
  int status = 200;
  /// Complete lines "Name: value\r\n", made with add(). Content-Length, Date and Connection are the
  /// writer's.
  std::string fields;
  /// The body. `body_view` wins when it is not empty and must then stay valid until send() has
  /// returned; what the socket does not take at once is copied.
  std::string body;
  std::string_view body_view;
  /// Close the connection after this answer.
  bool close = false;
  /// Not 0: somebody wants to know what became of this answer (see Server::Callbacks::on_outcome).
  std::uint64_t delivery = 0;

  std::string_view content() const {
    return body_view.empty() ? std::string_view(body) : body_view;
  }

  /// Appends one field. `value` must be free of CR, LF and other control bytes (asserted): what
  /// clients sent is checked at the door.
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, std::uint64_t value);
  /// Appends `lines` as they are, each complete: for fields that are always the same.
  void add_lines(std::string_view lines) { fields.append(lines); }

  void clear();
};

/// The reason phrase of a status that we send ("Not Found"); "Unknown" for others.
std::string_view reason_phrase(int status);

/// Appends the status line and all header fields of `response`, with the empty line, to `out`. Says
/// `Connection: close` unless `keep_alive` (or where response.close), and for `http_1_0` explicitly
/// `keep-alive` where the connection stays. A 204, 304 or 1xx carries no Content-Length (RFC 9110
/// section 8.6); the answer to HEAD carries that of content(), whose bytes the caller leaves out.
/// `date` is an IMF-fixdate.
void write_head(const Response& response, bool keep_alive, bool http_1_0, std::string_view date,
                std::string& out);

/// A moment as an IMF-fixdate (RFC 9110 section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". Must be in
/// the years 0 to 9999.
std::string imf_fixdate(std::int64_t unix_seconds);

}  // namespace pistachio::http
