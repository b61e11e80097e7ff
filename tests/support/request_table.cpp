#include "tests/support/request_table.h"

#include <string_view>

namespace pistachio::http {
namespace {

using namespace std::string_literals;

const std::string kLine = "GET /messages/a HTTP/1.1\r\n";

std::string with_line(const std::string& line) { return line + "\r\nHost: a\r\n\r\n"; }

std::string with_fields(const std::string& fields) {
  return kLine + "Host: a\r\n" + fields + "\r\n\r\n";
}

std::string with_chunks(const std::string& chunks) {
  return "POST /messages/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
}

std::string fields(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "X-" + std::to_string(i) + ": y\r\n";
  return text;
}

void add_lines(std::vector<RequestCase>& cases) {
  const auto add = [&](std::string sentence, const std::string& line, int status) {
    cases.push_back({std::move(sentence), with_line(line), status});
  };
  add("a space before the method", " GET / HTTP/1.1", 400);
  add("a method that is no token", "G@T / HTTP/1.1", 400);
  add("a colon where the method ends", "GET: / HTTP/1.1", 400);
  add("a tab after the method", "GET\t/ HTTP/1.1", 400);
  add("two spaces after the method", "GET  / HTTP/1.1", 400);
  add("two spaces after the target", "GET /  HTTP/1.1", 400);
  add("a tab after the target", "GET /\tHTTP/1.1", 400);
  add("a space in the target", "GET /a b HTTP/1.1", 400);
  add("a request line without a target", "GET HTTP/1.1", 400);
  add("a request line without a version (HTTP/0.9)", "GET /", 400);
  add("a request line of a method alone", "GET", 400);
  add("a space after the version", "GET / HTTP/1.1 ", 400);
  add("a version in lower case", "GET / http/1.1", 400);
  add("a version of three digits", "GET / HTTP/1.10", 400);
  add("a version without its minor digit", "GET / HTTP/1.", 400);
  add("a version without a dot", "GET / HTTP/11", 400);
  add("a version that is no number", "GET / HTTP/1.x", 400);
  add("another protocol", "GET / RTSP/1.1", 400);
  add("HTTP/2.0", "GET / HTTP/2.0", 505);
  add("HTTP/0.9 by name", "GET / HTTP/0.9", 505);
  add("the preface of HTTP/2", "PRI * HTTP/2.0", 505);
  add("a fragment in the target", "GET /a#b HTTP/1.1", 400);
  add("a byte above ASCII in the target", "GET /\xc3\xbc HTTP/1.1", 400);
  add("NUL in the target", "GET /a\0b HTTP/1.1"s, 400);
  add("DEL in the target", "GET /a\x7f HTTP/1.1", 400);
  add("bare CR in the target", "GET /a\rb HTTP/1.1", 400);
  add("bare CR at the end of the request line", "GET / HTTP/1.1\r", 400);
  add("a target without its slash", "GET messages HTTP/1.1", 400);
  add("the target * without OPTIONS", "GET * HTTP/1.1", 400);
  add("a URL of another scheme", "GET ftp://a/b HTTP/1.1", 400);
  add("a URL without a host", "GET http:///b HTTP/1.1", 400);
  add("a URL with a user", "GET http://me@a/b HTTP/1.1", 400);
  add("a URL with a port that is no number", "GET http://a:b/c HTTP/1.1", 400);
  add("an authority as target", "GET a:80 HTTP/1.1", 400);
  add("CONNECT to an authority", "CONNECT a:80 HTTP/1.1", 501);
  add("CONNECT to an IPv6 authority", "CONNECT [::1]:80 HTTP/1.1", 501);
  add("CONNECT to a path", "CONNECT / HTTP/1.1", 400);
  add("CONNECT without a port", "CONNECT a: HTTP/1.1", 400);
  add("CONNECT to an IPv6 address without a port", "CONNECT [::1] HTTP/1.1", 400);
}

void add_fields(std::vector<RequestCase>& cases) {
  const auto add = [&](std::string sentence, const std::string& more, int status) {
    cases.push_back({std::move(sentence), with_fields(more), status});
  };
  add("a folded header", "X: a\r\n b", 400);
  add("a header folded by a tab", "X: a\r\n\tb", 400);
  add("a folded empty line", "X: a\r\n ", 400);
  add("a space before the colon", "Content-Length : 5", 400);
  add("a tab before the colon", "Content-Length\t: 5", 400);
  add("a header without a colon", "Content-Length", 400);
  add("a header without a name", ": 5", 400);
  add("a header name that is no token", "X(): 5", 400);
  add("NUL in a header name", "X\0: 5"s, 400);
  add("a byte above ASCII in a header name", "X\xc3\xbc: 5", 400);
  add("NUL in a header value", "X: a\0b"s, 400);
  add("bare CR in a header value", "X: a\rContent-Length: 5", 400);
  add("bare CR at the end of a header", "X: a\r", 400);
  add("bare CR as a line", "\r", 400);
  add("a control byte in a header value", "X: a\x01", 400);
  add("a vertical tab before a header value", "Content-Length:\x0b\x35", 400);
  add("DEL in a header value", "X: a\x7f", 400);
  add("65 headers", fields(63) + "Y: z", 431);

  add("Host twice", "Host: a", 400);
  add("Host twice in another case", "hOST: a", 400);
  add("Content-Length twice", "Content-Length: 5\r\nContent-Length: 6", 400);
  add("Content-Length twice and equal", "Content-Length: 5\r\ncontent-length: 5", 400);
  add("Content-Length as a list", "Content-Length: 5, 5", 400);
  add("Content-Length with a plus", "Content-Length: +5", 400);
  add("Content-Length below zero", "Content-Length: -5", 400);
  add("Content-Length without a number", "Content-Length: ", 400);
  add("Content-Length in hexadecimal", "Content-Length: 0x5", 400);
  add("Content-Length with a fraction", "Content-Length: 5.0", 400);
  add("Content-Length with a space inside", "Content-Length: 1 0", 400);
  add("Content-Length of 20 digits", "Content-Length: 00000000000000000005", 400);
  add("Content-Length beyond 64 bits", "Content-Length: 18446744073709551621", 400);

  const std::string chunked = "Transfer-Encoding: chunked";
  add("Content-Length and then Transfer-Encoding", "Content-Length: 5\r\n" + chunked, 400);
  add("Transfer-Encoding and then Content-Length", chunked + "\r\nContent-Length: 5", 400);
  add("Content-Length beside an unknown coding", "Content-Length: 5\r\nTransfer-Encoding: xchunked",
      400);
  add("Transfer-Encoding twice", chunked + "\r\n" + chunked, 400);
  add("Transfer-Encoding twice, with an unknown one", "Transfer-Encoding: gzip\r\n" + chunked, 400);
  add("chunked twice", chunked + ", chunked", 400);
  add("chunked that is not last", chunked + ", gzip", 400);
  add("chunked with a parameter", chunked + ";a=b", 400);
  add("chunked and a comma", chunked + ",", 400);
  add("a comma and chunked", "Transfer-Encoding: , chunked", 400);
  add("chunked in quotes", "Transfer-Encoding: \"chunked\"", 400);
  add("Transfer-Encoding without a coding", "Transfer-Encoding:", 400);
  add("chunked after a control byte",
      "Transfer-Encoding: \x0b"
      "chunked",
      400);
  add("chunked after a coding and a parameter", "Transfer-Encoding: gzip, chunked;q", 400);
  add("the coding gzip", "Transfer-Encoding: gzip", 501);
  add("the coding identity", "Transfer-Encoding: identity", 501);
  add("the coding xchunked", "Transfer-Encoding: xchunked", 501);
  add("the codings gzip and chunked", "Transfer-Encoding: gzip, chunked", 501);

  add("Connection that is no list of names", "Connection: close x", 400);
  add("an expectation that nobody knows", "Expect: 200-ok", 417);
  add("an expectation among others", "Expect: 100-continue, 200-ok", 417);
  add("an empty expectation", "Expect:", 417);
}

void add_hosts(std::vector<RequestCase>& cases) {
  for (const std::string host :
       {"a b",     "a,b c",   "a/b",       "http://a", "me@a",           ":80",
        "a:b",     "a:65536", "a:80:80",   "::1",      "[::1",           "[::1]a",
        "[::1]:b", "[]",      "[a]",       "[::g]",    "[fe80::1%25lo]", "a%",
        "a%4",     "a%gg",    "a\xc3\xbc", "a\"",      "[a:b]",          "<a>",
        "a\\b",    "a:-1",    "a:+1"}) {
    cases.push_back({"the Host " + host, kLine + "Host: " + host + "\r\n\r\n", 400});
  }
}

void add_whole_heads(std::vector<RequestCase>& cases) {
  const auto add = [&](std::string sentence, std::string bytes, int status) {
    cases.push_back({std::move(sentence), std::move(bytes), status});
  };
  add("HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400);
  add("HTTP/1.2 without Host", "GET / HTTP/1.2\r\nX: y\r\n\r\n", 400);
  add("a URL without Host beside it", "GET http://a/ HTTP/1.1\r\n\r\n", 400);
  add("Host twice on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400);
  add("Transfer-Encoding on HTTP/1.0",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  add("white space before the first header", kLine + " Host: a\r\n\r\n", 400);
  add("a tab before the first header", kLine + "\tHost: a\r\n\r\n", 400);
  add("a line of white space after the request line", kLine + " \r\nHost: a\r\n\r\n", 400);
  add("a request line that ends in LF alone", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400);
  add("a header that ends in LF alone", kLine + "Host: a\nX: y\r\n\r\n", 400);
  add("a head that ends in LF alone", kLine + "Host: a\r\n\n", 400);
  add("a head that ends in two LF", kLine + "Host: a\n\n", 400);
  add("a head that ends in LF, CR, LF", kLine + "Host: a\n\r\n", 400);
  add("an empty line of LF before the request", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  add("bare CR before the request", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  add("CR CR LF before the request", "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
  add("NUL before the request", "\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"s, 400);
  add("TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400);
  add("a request line over 8 KiB", "GET /" + std::string(8192, 'a'), 414);
  add("headers over 8 KiB", kLine + "X: " + std::string(8192, 'a'), 431);
  add("many headers over 8 KiB", kLine + fields(1000), 431);
  std::string empty_lines;
  for (int i = 0; i < 4096; ++i) empty_lines += "\r\n";
  add("8 KiB of empty lines", empty_lines, 431);
  add("a refusal after a request that was served",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400);
  add("a body longer than its Content-Length",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc: d\r\n\r\n", 400);
}

}  // namespace

std::vector<RequestCase> refused_heads() {
  std::vector<RequestCase> cases;
  add_lines(cases);
  add_fields(cases);
  add_hosts(cases);
  add_whole_heads(cases);
  return cases;
}

std::vector<RequestCase> refused_chunked_bodies() {
  std::vector<RequestCase> cases;
  const auto add = [&](std::string sentence, const std::string& chunks, int status = 400) {
    cases.push_back({std::move(sentence), with_chunks(chunks), status});
  };
  add("a chunk size that is not hexadecimal", "g\r\na\r\n0\r\n\r\n");
  add("a chunk size with 0x", "0x1\r\na\r\n0\r\n\r\n");
  add("a chunk size with a sign", "+1\r\na\r\n0\r\n\r\n");
  add("a chunk size below zero", "-1\r\na\r\n0\r\n\r\n");
  add("a missing chunk size", "\r\na\r\n0\r\n\r\n");
  add("a chunk extension without a size", ";a\r\n0\r\n\r\n");
  add("a space before a chunk size", " 1\r\na\r\n0\r\n\r\n");
  add("a space after a chunk size", "1 \r\na\r\n0\r\n\r\n");
  add("a tab and a digit after a chunk size", "1\t1\r\na\r\n0\r\n\r\n");
  add("a comma after a chunk size", "1,\r\na\r\n0\r\n\r\n");
  add("a chunk size of 17 digits", "00000000000000001\r\na\r\n0\r\n\r\n");
  add("a chunk size line that ends in LF alone", "1\na\r\n0\r\n\r\n");
  add("bare CR in a chunk size line", "1\ra\r\n0\r\n\r\n");
  add("CR CR LF after a chunk size", "1\r\r\na\r\n0\r\n\r\n");
  add("LF in a chunk extension", "1;a\nb\r\na\r\n0\r\n\r\n");
  add("bare CR in a chunk extension", "1;a\rb\r\na\r\n0\r\n\r\n");
  add("NUL in a chunk extension", "1;a\0\r\na\r\n0\r\n\r\n"s);
  add("a chunk size line over 1 KiB", "1;" + std::string(1024, 'a'));
  add("a chunk longer than its size", "1\r\nab\r\n0\r\n\r\n");
  add("a chunk shorter than its size", "3\r\na\r\n0\r\n\r\n");
  add("a chunk that ends in LF alone", "1\r\na\n0\r\n\r\n");
  add("a chunk that ends in bare CR", "1\r\na\r0\r\n\r\n");
  add("a last chunk that ends in LF alone", "0\n\r\n");
  add("a chunked body that ends in LF alone", "0\r\n\n");
  add("a chunked body that ends in bare CR", "0\r\n\rGET / HTTP/1.1\r\n\r\n");
  add("a trailer without a colon", "0\r\nabc\r\n\r\n");
  add("a trailer without a name", "0\r\n: b\r\n\r\n");
  add("a space before the colon of a trailer", "0\r\nA : b\r\n\r\n");
  add("a folded trailer", "0\r\nA: b\r\n c\r\n\r\n");
  add("a trailer that ends in LF alone", "0\r\nA: b\n\r\n");
  add("bare CR in a trailer", "0\r\nA: b\rc\r\n\r\n");
  add("NUL in a trailer", "0\r\nA: \0\r\n\r\n"s);
  add("a trailer over 8 KiB", "0\r\nA: " + std::string(8192, 'a'), 431);
  add("many trailers over 8 KiB", "0\r\n" + fields(1000), 431);
  add("a chunk larger than there is room", "3e9\r\n" + std::string(1001, 'a'), 413);
  add("chunks larger together than there is room", "3e8\r\n" + std::string(1000, 'a') + "\r\n1\r\n",
      413);
  add("a chunk size that would wrap around", "FFFFFFFFFFFFFFFF\r\n", 413);
  return cases;
}

std::vector<RequestCase> served_requests() {
  std::vector<RequestCase> cases;
  const auto add = [&](std::string sentence, std::string bytes) {
    cases.push_back({std::move(sentence), std::move(bytes), 0});
  };
  add("a poll as curl sends it",
      "GET /messages/foobar?wait=5 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\n"
      "Accept: */*\r\n\r\n");
  add("a push as curl sends it",
      "POST /messages/foobar HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Type: "
      "application/x-www-form-urlencoded\r\n\r\nmsg");
  add("a push of nothing", "POST /m HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  add("a chunked push", with_chunks("3\r\nabc\r\n00A;x=\"y\" \r\n0123456789\r\n0\r\n\r\n"));
  add("a chunked push of nothing", with_chunks("0\r\n\r\n"));
  add("chunk sizes in both cases and of 16 digits",
      with_chunks("a\r\n0123456789\r\nA\r\n0123456789\r\n0000000000000001\r\nx\r\n000\r\n\r\n"));
  add("a chunk extension after white space", with_chunks("1 \t; a\r\nx\r\n0\t;b\r\n\r\n"));
  add("trailers that are read over",
      with_chunks("1\r\nx\r\n0\r\nContent-Length: 9\r\nX:\r\nY: \xff\r\n\r\n"));
  add("a chunked body that fills the room",
      with_chunks("3e8\r\n" + std::string(1000, 'a') + "\r\n0\r\n\r\n"));
  add("a chunk that holds what looks like requests",
      with_chunks("20\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"));
  add("CHUNKED in capitals",
      "POST /m HTTP/1.1\r\nHOST: a\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n0\r\n\r\n");
  add("a body of bytes that no head may hold",
      "POST /m HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n\0\n\r\n\xff\x7f"s);
  add("three pipelined requests", "POST /m HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx" +
                                      with_chunks("1\r\ny\r\n0\r\n\r\n") +
                                      "GET /m HTTP/1.1\r\nHost: a\r\n\r\n");
  add("empty lines before and between requests",
      "\r\n\r\nGET /m HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /m HTTP/1.1\r\nHost: a\r\n\r\n");
  add("HTTP/1.0 without Host", "GET /m HTTP/1.0\r\n\r\n");
  add("HTTP/1.2 as HTTP/1.1", "GET /m HTTP/1.2\r\nHost: a\r\n\r\n");
  add("a Host without a name", "GET /m HTTP/1.1\r\nHost:\r\n\r\n");
  add("a URL as target", "GET http://a:80/m?b HTTP/1.1\r\nHost: other\r\n\r\n");
  add("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  add("64 headers", kLine + "Host: a\r\n" + fields(63) + "\r\n");
  add("a head of 8 KiB",
      kLine + "Host: a\r\nX: " + std::string(8192 - kLine.size() - 9 - 3 - 4, 'x') + "\r\n\r\n");
  add("a value with tabs and bytes above ASCII", with_fields("X: \t a\tb \xfc\x80 \t"));
  add("a method that nobody knows", "get /m HTTP/1.1\r\nHost: a\r\n\r\n");
  add("Content-Length with white space around it and zeros",
      "POST /m HTTP/1.1\r\nHost: a\r\nContent-Length: \t 0002 \r\n\r\nab");
  add("100-continue",
      "POST /m HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: "
      "1\r\n\r\nx");
  add("an expectation on HTTP/1.0", "POST /m HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\nx");
  return cases;
}

}  // namespace pistachio::http
