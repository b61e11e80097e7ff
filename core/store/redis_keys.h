#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/endpoint_name.h"

namespace pistachio {

/// What Redis' keys are called. The list is exactly the ancestor's; what stands beside it carries
/// the endpoint in braces, so that all keys of an endpoint are in one slot of a cluster:
///
///   myapp:jobs              the list, for every program that can RPUSH and BLPOP
///   {myapp:jobs}:lease      hash: receipt -> id:attempts:element
///   {myapp:jobs}:due        sorted set: receipt -> when the lease ends
///   {myapp:jobs}:retry      list of id:attempts:element, served before the first
///   {myapp:jobs}:delay      sorted set of what is hidden, by when it is due
///   {myapp:jobs}:key:…      string: what became of an idempotency key
///   {myapp:jobs}:dead       list of id:attempts:element: the endpoint jobs.dead, whose own keys
///   are
///                           {myapp:jobs}:dead:lease and so on
class RedisKeys {
 public:
  /// `name_space`: see check(); empty for none.
  explicit RedisKeys(std::string_view name_space);

  /// Errc::bad_argument for a namespace that would tear the keys of an endpoint apart: one with a
  /// brace in it.
  static Expected<std::string> check(std::string_view name_space);

  /// A key in pieces, to be written one behind the other; of `endpoint` and `what` as long as
  /// those. For the hot path, on which no strings are made.
  using Pieces = std::array<std::string_view, 5>;
  Pieces list_pieces(const EndpointName& endpoint) const;
  Pieces pieces_beside(const EndpointName& endpoint, std::string_view what) const;

  /// The list of an endpoint.
  std::string list(const EndpointName& endpoint) const;
  /// One of the keys beside it: "lease", "due", "retry", "delay", "dead" or "key:…".
  std::string beside(const EndpointName& endpoint, std::string_view what) const;

  /// Whose key this is: the endpoint that has messages when it exists; with `what` empty for its
  /// list, else as in beside(). Nothing for a key that is none of ours.
  struct Parsed {
    EndpointName endpoint;
    std::string_view what;
  };
  std::optional<Parsed> parse(std::string_view key) const;

  /// The key that says which server goes round the namespace: that of no endpoint.
  std::string of_rounds() const { return "{" + prefix_ + "}:rounds"; }

  /// Two patterns for SCAN that between them match every key of ours.
  std::string list_pattern() const;
  std::string beside_pattern() const;

 private:
  std::string prefix_;  // "myapp:" or nothing
};

}  // namespace pistachio
