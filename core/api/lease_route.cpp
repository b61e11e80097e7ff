// DELETE and PATCH {path}/{endpoint}/{receipt}: who holds a message (PROTOCOL section 5).

#include <algorithm>
#include <utility>

#include "core/api/api.h"

namespace pistachio {
namespace {

constexpr std::string_view kGone =
    "this receipt no longer holds its message: it was settled, given back, its lease ended, or it "
    "was never given";

// The receipt of a path, percent-decoded once like everything in it.
std::optional<Receipt> receipt_of(std::string_view segment) {
  const auto decoded = http::percent_decode(segment);
  return decoded ? Receipt::parse(*decoded) : std::nullopt;
}

}  // namespace

void Api::settle(Request& request, const Target& target) {
  const Connection id = request.connection;
  if (!ok(id, Parameters::parse(request.head.query, {}))) return;
  auto name = one_name(id, target);
  if (!name) return;
  const auto receipt = receipt_of(target.receipt);
  if (!receipt) return send_problem(id, 410, kGone);
  store_.settle(*std::move(name), {*receipt}, [this, id](Expected<std::vector<Receipt>> gone) {
    if (!ok(id, gone)) return;
    if (!gone->empty()) return send_problem(id, 410, kGone);
    on_lease_changed(id, std::monostate());
  });
}

void Api::change_lease(Request& request, const Target& target) {
  const Connection id = request.connection;
  const auto parameters =
      Parameters::parse(request.head.query, {"lease", "release", "retry", "dead"});
  if (!ok(id, parameters)) return;
  if (parameters->size() != 1) {
    return send_problem(id, 400,
                        "a PATCH takes exactly one of lease=S, release=1, retry=S and dead=1");
  }
  const auto lease = parameters->seconds("lease", /*more_than_zero=*/true);
  const auto retry = parameters->seconds("retry");
  const auto release = parameters->exactly("release", "1");
  const auto dead = parameters->exactly("dead", "1");
  if (!ok(id, lease) || !ok(id, retry) || !ok(id, release) || !ok(id, dead)) return;
  auto name = one_name(id, target);
  if (!name) return;
  const auto receipt = receipt_of(target.receipt);
  if (!receipt) return send_problem(id, 410, kGone);

  auto done = [this, id](const Expected<std::monostate>& result) { on_lease_changed(id, result); };
  if (*lease)
    return store_.extend(*std::move(name), *receipt, std::min(**lease, options_.max_lease), done);
  GiveBack how;
  if (*retry) how = {.counted = true, .hidden = **retry};
  if (*dead) how = {.counted = true, .dead = true};
  store_.give_back(*std::move(name), *receipt, how, done);
}

void Api::on_lease_changed(Connection id, const Expected<std::monostate>& result) {
  if (!result && result.error().code == Errc::gone) return send_problem(id, 410, kGone);
  if (!ok(id, result)) return;
  fresh().status = 204;
  response_.add("Cache-Control", "no-store");
  send(id);
}

}  // namespace pistachio
