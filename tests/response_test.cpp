#include "core/http/response.h"

#include <string>

#include "core/http/problem.h"
#include "tests/support/catch.h"

using pistachio::http::imf_fixdate;
using pistachio::http::reason_phrase;
using pistachio::http::Response;
using pistachio::http::set_problem;
using pistachio::http::write_head;

namespace {

std::string head_of(const Response& response, bool keep_alive, bool http_1_0 = false) {
  std::string out;
  write_head(response, keep_alive, http_1_0, "D", out);
  return out;
}

Response with_status(int status) {
  Response response;
  response.status = status;
  return response;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a head holds the status line, the date, the fields and the length of the body") {
  Response response = with_status(201);
  response.add("Content-Type", "application/json");
  response.add("Pistachio-Wait", 18446744073709551615u);
  response.body = "12345";
  CHECK(head_of(response, true) ==
        "HTTP/1.1 201 Created\r\nDate: D\r\nContent-Type: application/json\r\n"
        "Pistachio-Wait: 18446744073709551615\r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("a head is appended to the answers that wait to be sent") {
  std::string out = "before";
  write_head(Response(), true, false, "D", out);
  CHECK(out == "before" + head_of(Response(), true));
}

TEST_CASE("a view of a body wins over the body") {
  Response response;
  response.body = "12345";
  CHECK(response.content() == "12345");
  response.body_view = "123";
  CHECK(response.content() == "123");
  CHECK(contains(head_of(response, true), "Content-Length: 3\r\n"));
}

TEST_CASE("an answer without a body says so where its status may have one") {
  CHECK(contains(head_of(with_status(200), true), "Content-Length: 0\r\n"));
  CHECK(contains(head_of(with_status(504), true), "Content-Length: 0\r\n"));
}

TEST_CASE("204, 304 and 1xx carry no Content-Length") {
  for (const int status : {100, 103, 204, 304}) {
    INFO(status);
    CHECK_FALSE(contains(head_of(with_status(status), true), "Content-Length"));
  }
}

TEST_CASE("Connection says close when the connection closes, and keep-alive to HTTP/1.0 alone") {
  Response response;
  CHECK_FALSE(contains(head_of(response, true), "Connection"));
  CHECK(contains(head_of(response, false), "Connection: close\r\n"));
  CHECK(contains(head_of(response, true, true), "Connection: keep-alive\r\n"));
  CHECK(contains(head_of(response, false, true), "Connection: close\r\n"));
  response.close = true;
  CHECK(contains(head_of(response, true), "Connection: close\r\n"));
  CHECK(contains(head_of(response, true, true), "Connection: close\r\n"));
}

TEST_CASE("a cleared response is as new") {
  Response response = with_status(504);
  response.add("A", "b");
  response.body = "c";
  response.body_view = "d";
  response.close = true;
  response.delivery = 5;
  response.clear();
  CHECK(head_of(response, true) == head_of(Response(), true));
  CHECK(response.content().empty());
  CHECK_FALSE(response.close);
  CHECK(response.delivery == 0);
}

TEST_CASE("every status of the protocol has its reason phrase") {
  for (const int status : {200, 201, 204, 400, 401, 403, 404, 405, 408, 410, 413,
                           414, 417, 422, 429, 431, 500, 501, 503, 504, 505, 507}) {
    INFO(status);
    CHECK(reason_phrase(status) != "Unknown");
  }
  CHECK(reason_phrase(404) == "Not Found");
  CHECK(reason_phrase(299) == "Unknown");
}

TEST_CASE("dates are written as RFC 9110 wants them") {
  CHECK(imf_fixdate(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(imf_fixdate(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(imf_fixdate(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(imf_fixdate(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(imf_fixdate(4107542399) == "Sun, 28 Feb 2100 23:59:59 GMT");
  CHECK(imf_fixdate(4107542400) == "Mon, 01 Mar 2100 00:00:00 GMT");
  CHECK(imf_fixdate(253402300799) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(imf_fixdate(-62167219200) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST_CASE("a problem says its type, title, status and detail") {
  Response response;
  response.add("Retry-After", 5);
  response.body = "old";
  response.body_view = "older";
  set_problem(response, 429, "the endpoint \"a\" is full");
  CHECK(response.status == 429);
  CHECK(response.fields == "Retry-After: 5\r\nContent-Type: application/problem+json\r\n");
  CHECK(response.content() ==
        "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,"
        "\"detail\":\"the endpoint \\\"a\\\" is full\"}\n");
}

TEST_CASE("a problem whose detail holds any bytes is still JSON") {
  Response response;
  set_problem(response, 400, std::string("a\0\n\xff\xc3\xbc", 6));
  CHECK(contains(response.body, "\"a\\u0000\\n\xef\xbf\xbd\xc3\xbc\""));
}
