#include "core/http/response.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <chrono>
#include <cstring>

#include "core/http/byte_class.h"

namespace pistachio::http {
namespace {

constexpr std::size_t kMaxDecimalDigits = 20;  // of 64 bits

// More than all the words and numbers of a head that are always the same.
constexpr std::size_t kHeadWords = 128;

// Appends pieces to a string with one look at its room for all of them: an answer has some thirty,
// and one is written for every message.
class Pieces {
 public:
  /// `most`: bytes that all pieces have at the most.
  Pieces(std::string& out, std::size_t most) : out_(out) {
    const std::size_t before = out.size();
    out.resize(before + most);
    at_ = out.data() + before;
  }
  ~Pieces() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  Pieces& operator<<(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  Pieces& operator<<(std::uint64_t number) {
    at_ = std::to_chars(at_, at_ + kMaxDecimalDigits, number).ptr;
    return *this;
  }

 private:
  std::string& out_;
  char* at_;
};

void append_two_digits(std::string& out, unsigned number) {
  out += static_cast<char>('0' + number / 10);
  out += static_cast<char>('0' + number % 10);
}

// The years 0 to 9999: four digits are all an IMF-fixdate has.
[[maybe_unused]] constexpr std::int64_t kFirstSecond = -62167219200;
[[maybe_unused]] constexpr std::int64_t kLastSecond = 253402300799;

constexpr std::size_t kDateLength = sizeof "Sun, 06 Nov 1994" - 1;

// RFC 9110 section 8.6: these never carry a Content-Length.
bool has_no_content(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

void Response::add(std::string_view name, std::string_view value) {
  assert(!name.empty() && std::all_of(name.begin(), name.end(), is_token_byte));
  assert(std::all_of(value.begin(), value.end(), is_value_byte));
  const std::size_t before = fields.size();
  fields.resize(before + name.size() + value.size() + 4);  // once, whatever is appended
  char* at = fields.data() + before;
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  std::memcpy(at, ": ", 2);
  at += 2;
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  at += value.size();
  std::memcpy(at, "\r\n", 2);
}

void Response::add(std::string_view name, std::uint64_t value) {
  char digits[kMaxDecimalDigits];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  add(name, std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void Response::clear() {
  status = 200;
  fields.clear();
  body.clear();
  body_view = {};
  close = false;
  delivery = 0;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

void write_head(const Response& response, bool keep_alive, bool http_1_0, std::string_view date,
                std::string& out) {
  assert(response.status >= 100 && response.status <= 999);
  const std::string_view reason = reason_phrase(response.status);
  Pieces pieces(out, kHeadWords + reason.size() + date.size() + response.fields.size());
  pieces << "HTTP/1.1 " << static_cast<std::uint64_t>(response.status) << " " << reason
         << "\r\nDate: " << date << "\r\n"
         << response.fields;
  if (!has_no_content(response.status)) {
    pieces << "Content-Length: " << std::uint64_t{response.content().size()} << "\r\n";
  }
  if (!keep_alive || response.close) {
    pieces << "Connection: close\r\n";
  } else if (http_1_0) {
    pieces << "Connection: keep-alive\r\n";
  }
  pieces << "\r\n";
}

std::string imf_fixdate(std::int64_t unix_seconds) {
  constexpr char kDays[] = "SunMonTueWedThuFriSat";
  constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  assert(unix_seconds >= kFirstSecond && unix_seconds <= kLastSecond);
  const std::chrono::sys_seconds moment{std::chrono::seconds(unix_seconds)};
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss time{moment - midnight};
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  std::string out;
  out.append(kDays + 3 * std::chrono::weekday(midnight).c_encoding(), 3);
  out.append(", ");
  append_two_digits(out, static_cast<unsigned>(date.day()));
  out.append(" ");
  out.append(kMonths + 3 * (static_cast<unsigned>(date.month()) - 1), 3);
  out.append(" ");
  append_two_digits(out, year / 100);
  append_two_digits(out, year % 100);
  for (const auto part : {time.hours().count(), time.minutes().count(), time.seconds().count()}) {
    out.append(out.size() == kDateLength ? " " : ":");
    append_two_digits(out, static_cast<unsigned>(part));
  }
  out.append(" GMT");
  return out;
}

}  // namespace pistachio::http
