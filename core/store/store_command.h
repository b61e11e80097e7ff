#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/store/store.h"

namespace pistachio {

// What callers ask of a LocalStore during a turn, kept until run(): one struct for each function of
// Store, with its arguments.

// Those of the hot path have constructors, so that they are made where they are kept: moving one
// once more is felt.

struct PushCommand {
  PushCommand(Push&& asked, Store::Done<Pushed>&& then)
      : push(std::move(asked)), done(std::move(then)) {}

  Push push;
  Store::Done<Pushed> done;
};

struct ClaimCommand {
  ClaimCommand(Claim&& asked, Store::Done<Claimed>&& then)
      : claim(std::move(asked)), done(std::move(then)) {}

  Claim claim;
  Store::Done<Claimed> done;
};

struct SettleCommand {
  SettleCommand(const EndpointName& of, const Receipt& held) : endpoint(of), receipt(held) {}

  EndpointName endpoint;
  Receipt receipt;
};

struct SettleManyCommand {
  SettleManyCommand(EndpointName&& of, std::vector<Receipt>&& held,
                    Store::Done<std::vector<Receipt>>&& then)
      : endpoint(std::move(of)), receipts(std::move(held)), done(std::move(then)) {}

  EndpointName endpoint;
  std::vector<Receipt> receipts;
  Store::Done<std::vector<Receipt>> done;
};

struct GiveBackCommand {
  EndpointName endpoint;
  Receipt receipt;
  GiveBack how;
  Store::Done<std::monostate> done;
};

struct ExtendCommand {
  EndpointName endpoint;
  Receipt receipt;
  Duration lease;
  Store::Done<std::monostate> done;
};

struct PurgeCommand {
  EndpointName endpoint;
  Store::Done<std::size_t> done;
};

struct RemoveCommand {
  EndpointName endpoint;
  std::string id;
  Store::Done<std::monostate> done;
};

struct PeekCommand {
  EndpointName endpoint;
  std::size_t limit;
  Store::Done<std::span<const Peeked>> done;
};

struct RedriveCommand {
  EndpointName dead;
  Store::Done<std::size_t> done;
};

struct CountsCommand {
  EndpointName endpoint;
  Store::Done<EndpointCounts> done;
};

struct ListCommand {
  ListQuery query;
  Store::Done<std::vector<EndpointCounts>> done;
};

using StoreCommand = std::variant<PushCommand, ClaimCommand, SettleCommand, SettleManyCommand,
                                  GiveBackCommand, ExtendCommand, PurgeCommand, RemoveCommand,
                                  PeekCommand, RedriveCommand, CountsCommand, ListCommand>;

}  // namespace pistachio
