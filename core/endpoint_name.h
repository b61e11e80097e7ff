#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/keyed_hash.h"

namespace pistachio {

/// The checked name of an endpoint: 1 to 128 characters of A-Z a-z 0-9 _ - . and no leading dot
/// (PROTOCOL section 2). A value; holding one means that the check was made.
class EndpointName {
  struct Checked {  // who can name it has made the check
    explicit Checked() = default;
  };

 public:
  static constexpr std::size_t kMaxLength = 128;

  EndpointName(Checked, std::string_view text) : text_(text), hash_(keyed_hash(text)) {}

  /// Errc::bad_name when `text` is no endpoint name; the message says why and what would be right.
  static Expected<EndpointName> parse(std::string_view text);

  /// How many characters `text` starts with that may stand in a name.
  static std::size_t length_of_prefix(std::string_view text);

  const std::string& text() const { return text_; }

  /// True for the names that hold dead letters: "jobs.dead".
  bool is_dead() const;

  /// Where this endpoint's dead letters go: "jobs" -> "jobs.dead". Must not be called on a
  /// dead-letter name. The result may be longer than kMaxLength (a name of 128 characters has dead
  /// letters too, but they cannot be polled).
  EndpointName dead() const;

  /// The endpoint whose dead letters this one holds: "jobs.dead" -> "jobs". Must be called on a
  /// dead-letter name.
  EndpointName alive() const;

  /// keyed_hash(text()), made once: a name is looked up in several tables on its way.
  std::size_t hash() const { return hash_; }

  bool operator==(const EndpointName& other) const { return text_ == other.text_; }
  auto operator<=>(const EndpointName& other) const { return text_ <=> other.text_; }

 private:
  std::string text_;
  std::size_t hash_;
};

/// Hashes names and plain text alike, so that a table can be searched without making a name. Keyed:
/// strangers choose the names.
struct EndpointNameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return keyed_hash(text); }
  std::size_t operator()(const EndpointName& name) const noexcept { return name.hash(); }
};

}  // namespace pistachio
