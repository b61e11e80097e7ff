#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pistachio::http {

/// Percent-decodes once (RFC 3986 section 2.1). Nothing when an escape is not two hexadecimal
/// digits. "+" stays "+" in paths; in queries a form-minded client's "+" for a space is of no use
/// to any of our parameters, so it stays too.
std::optional<std::string> percent_decode(std::string_view text);

/// Goes through the parameters of a query:
///
///     QueryReader reader(query);
///     while (reader.next()) { reader.name() … reader.value() … }
///     if (!reader.error().empty()) …
///
/// The query is split at "&", each part at its first "=", and both sides are decoded once; empty
/// parts are skipped. Most queries need no decoding: then nothing is allocated.
class QueryReader {
 public:
  /// `query` must stay valid as long as what is read from it.
  explicit QueryReader(std::string_view query) : rest_(query) {}

  /// Goes to the next parameter. False at the end, or when error() is not empty.
  bool next();

  // Views into the query, or into what take_decoded() gives.
  std::string_view name() const { return name_; }
  std::string_view value() const { return value_; }  ///< empty when there is no "="

  /// Names the part that was malformed; empty when none was.
  const std::string& error() const { return error_; }

  /// What views into decoded text point to: to be kept as long as they are. Null when there are
  /// none.
  std::unique_ptr<char[]> take_decoded() { return std::move(decoded_); }

 private:
  bool decode(std::string_view& text);

  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
  std::string error_;
  std::unique_ptr<char[]> decoded_;
  char* decoded_end_ = nullptr;
};

}  // namespace pistachio::http
