#include "core/api/api.h"

#include <array>
#include <utility>

#include "core/api/poll_note.h"
#include "core/http/problem.h"

namespace pistachio {
namespace {

using http::Method;

/// The one table from what went wrong to what HTTP calls it.
int status_of(Errc code) {
  switch (code) {
    case Errc::bad_name:
    case Errc::bad_argument:
      return 400;
    case Errc::not_found:
      return 404;
    case Errc::too_large:
      return 413;
    case Errc::gone:
      return 410;
    case Errc::key_reused:
      return 422;
    case Errc::endpoint_full:
      return 429;
    case Errc::unsupported:
      return 501;
    case Errc::unavailable:
      return 503;
    case Errc::storage_full:
      return 507;
  }
  return 500;
}

bool is_prefetch(std::string_view purpose) {
  return purpose.find("prefetch") != std::string_view::npos;
}

}  // namespace

Api::Api(Loop& loop, Store& store, ApiOptions options, http::ServerOptions server_options,
         BrokerOptions broker_options)
    : loop_(loop),
      store_(store),
      options_(std::move(options)),
      cors_(options_.cors_origins),
      broker_(
          store, broker_options,
          [this](std::uint64_t caller, const PollResult& result) {
            on_poll_result(caller, result);
          },
          loop.now()),
      server_(loop, server_options,
              {.on_head = [this](const http::RequestHead& head, Connection id,
                                 http::Response& refusal) { return on_head(head, id, refusal); },
               .on_request = [this](const http::RequestHead& head, http::Body body,
                                    Connection id) { on_request(head, body, id); },
               .on_abandoned = [this](std::uint64_t tag) { on_abandoned(tag); },
               .on_outcome = [this](std::uint64_t delivery,
                                    http::Outcome outcome) { on_outcome(delivery, outcome); },
               .on_refusal =
                   [this](Connection id, std::string_view head, http::Response& refusal) {
                     const http::RequestContext* const context = server_.context(id);
                     const std::uint8_t origin =
                         context != nullptr ? PollNote(context->note).origin() : std::uint8_t{0};
                     cors_.add_fields(origin != 0 ? origin : cors_.number(origin_in(head)),
                                      refusal);
                     ++counters_.answers[static_cast<std::size_t>(refusal.status / 100)];
                   }}),
      jitter_(std::random_device{}()) {
  loop_.add({.next_wish = [this](TimePoint now) { return broker_.next_wish(now); },
             .run_due = [this](TimePoint now) { broker_.run_due(now); },
             .run_end = [this](TimePoint now) { return broker_.run(now); }});
  loop_.add({.next_wish = [this](TimePoint) { return store_.next_wish(); },
             .run_due = {},
             .run_end = [this](TimePoint now) { return store_.run(now); }});
  loop_.add(
      {.next_wish = {}, .run_due = {}, .run_end = [this](TimePoint) { return answer_pushes(); }});
  loop_.add({.next_wish = [this](TimePoint now) { return server_.next_wish(now); },
             .run_due = [this](TimePoint now) { server_.run_due(now); },
             .run_end = [this](TimePoint) { return server_.run_end(); }});
}

void Api::drain() {
  draining_ = true;
  server_.stop_accepting();
  broker_.drain();
}

// ---------------------------------------------------------------- requests

Api::Target Api::find_target(std::string_view path) const {
  using Kind = Target::Kind;
  if (path.starts_with(options_.path)) {
    std::string_view rest = path.substr(options_.path.size());
    if (rest.empty()) return {.kind = Kind::list, .endpoint = {}, .receipt = {}};
    if (rest.front() == '/') {
      rest.remove_prefix(1);
      const auto slash = rest.find('/');
      if (slash == std::string_view::npos)
        return {.kind = Kind::endpoint, .endpoint = rest, .receipt = {}};
      const std::string_view receipt = rest.substr(slash + 1);
      if (receipt.find('/') == std::string_view::npos) {
        return {.kind = Kind::receipt, .endpoint = rest.substr(0, slash), .receipt = receipt};
      }
      return {};
    }
  }
  if (path == "/") return {.kind = Kind::home, .endpoint = {}, .receipt = {}};
  if (path == "/healthz") return {.kind = Kind::health, .endpoint = {}, .receipt = {}};
  if (path == "/readyz") return {.kind = Kind::readiness, .endpoint = {}, .receipt = {}};
  if (path == "/metrics") return {.kind = Kind::metrics, .endpoint = {}, .receipt = {}};
  return {};
}

std::string Api::not_found() const {
  return "there is nothing at this path; endpoints live at " + options_.path + "/NAME";
}

std::string_view Api::allowed_methods(Target::Kind kind) {
  switch (kind) {
    case Target::Kind::endpoint:
      return "GET, HEAD, POST, DELETE, OPTIONS";
    case Target::Kind::receipt:
      return "PATCH, DELETE, OPTIONS";
    default:
      return "GET, HEAD, OPTIONS";
  }
}

// Called for a request whose body has not come with its head. What its head alone makes impossible
// is refused now, so that nobody sends a body in vain.
std::optional<std::size_t> Api::on_head(const http::RequestHead& head, Connection id,
                                        http::Response& refusal) {
  const KnownFields fields(head);
  const std::uint8_t origin = cors_.number(fields.origin);
  server_.context(id)->note = PollNote(0).with_origin(origin).bits();
  const auto refuse = [&](int status, std::string_view detail) {
    http::set_problem(refusal, status, detail);
    cors_.add_fields(origin, refusal);
    ++counters_.answers[static_cast<std::size_t>(status / 100)];
    return std::nullopt;
  };
  const Target target = find_target(head.path);
  if (target.kind == Target::Kind::unknown) return refuse(404, not_found());
  const bool is_push = target.kind == Target::Kind::endpoint && head.method == Method::post;
  if (is_push) {
    const auto name = parse_names(target.endpoint, 1, names_);
    if (!name) return refuse(400, name.error().message);
    const auto parameters = push_parameters(head.query);
    if (!parameters) return refuse(400, parameters.error().message);
  }
  // Others have no use for a body; a small one is read and ignored, and their own answer follows.
  const std::size_t limit = is_push ? body_limit(head.query) : 64u << 10;
  if (head.content_length > limit) {
    if (is_push) return refuse(413, body_too_large(head.content_length, head.query));
    return refuse(413, "the body has " + std::to_string(head.content_length) +
                           " bytes; this request needs none, and at most " + std::to_string(limit) +
                           " are read over");
  }
  return limit;
}

void Api::on_request(const http::RequestHead& head, http::Body body, Connection id) {
  const KnownFields fields(head);
  server_.context(id)->note = PollNote(0).with_origin(cors_.number(fields.origin)).bits();
  Request request{head, fields, body, id};
  route(request, find_target(head.path));
}

void Api::route(Request& request, const Target& target) {
  using Kind = Target::Kind;
  const Method method = request.head.method;
  if (method == Method::options) {
    http::Response& response = fresh();
    response.status = 204;
    response.add("Allow", allowed_methods(target.kind));
    if (!request.fields.preflight_method.empty()) {
      cors_.add_preflight_fields(cors_.number(request.fields.origin), response);
    }
    return send(request.connection);
  }
  if (target.kind == Kind::unknown) {
    return send_problem(
        request.connection, 404,
        "there is nothing at this path; endpoints live at " + options_.path + "/NAME");
  }
  if (target.kind == Kind::endpoint) {
    if (method == Method::get || method == Method::head || method == Method::post ||
        method == Method::delete_) {
      return refuses(request, target) ? void() : route_endpoint(request, target);
    }
  } else if (target.kind == Kind::receipt) {
    if (method == Method::delete_ || method == Method::patch) {
      if (refuses(request, target)) return;
      return method == Method::patch ? change_lease(request, target) : settle(request, target);
    }
  } else if (method == Method::get || method == Method::head) {
    if (target.kind != Kind::list &&
        !ok(request.connection, Parameters::parse(request.head.query, {})))
      return;
    switch (target.kind) {
      case Kind::list:
        return list(request);
      case Kind::home:
        return home(request);
      case Kind::health:
        fresh().body = "ok\n";
        response_.add("Content-Type", "text/plain");
        response_.add("Cache-Control", "no-store");
        return send(request.connection);
      case Kind::readiness:
        return readiness(request);
      default:
        return metrics(request);
    }
  }
  fresh().add("Allow", allowed_methods(target.kind));
  http::set_problem(response_, 405,
                    std::string(request.head.method_text) + " is not for this path; allowed are " +
                        std::string(allowed_methods(target.kind)));
  send(request.connection);
}

void Api::route_endpoint(Request& request, const Target& target) {
  switch (request.head.method) {
    case Method::get:
      return poll(request, target);
    case Method::head:
      return head(request, target);
    case Method::post:
      return push(request, target);
    default:
      return remove(request, target);
  }
}

// Requests that a browser makes without its user meaning to: they must not take or add messages.
bool Api::refuses(const Request& request, const Target&) {
  const KnownFields& fields = request.fields;
  if (is_prefetch(fields.sec_purpose) || is_prefetch(fields.purpose)) {
    send_problem(request.connection, 403,
                 "a prefetch takes no messages; ask again when the answer is wanted");
    return true;
  }
  if (request.head.method == Method::head) return false;
  const bool foreign = http::equals_ignoring_case(fields.sec_fetch_site, "cross-site") ||
                       http::equals_ignoring_case(fields.sec_fetch_site, "same-site");
  if (foreign && (fields.origin.empty() || cors_.number(fields.origin) == 0)) {
    send_problem(request.connection, 403,
                 "a page of another site caused this request; start the server with --cors-origin "
                 "and that page's "
                 "origin to allow it");
    return true;
  }
  return false;
}

void Api::on_outcome(std::uint64_t delivery, http::Outcome outcome) {
  if (outcome == http::Outcome::received) return broker_.received(delivery);
  ++counters_.given_back;
  broker_.returned(delivery, outcome == http::Outcome::reset_after_receipt);
}

// ---------------------------------------------------------------- answers

http::Response& Api::fresh() {
  // One large answer must not keep its memory for ever.
  if (response_.body.capacity() > (1u << 20)) response_.body = std::string();
  response_.clear();
  return response_;
}

void Api::send(Connection id) {
  const http::RequestContext* const context = server_.context(id);
  if (context != nullptr) cors_.add_fields(PollNote(context->note).origin(), response_);
  ++counters_.answers[static_cast<std::size_t>(response_.status / 100)];
  server_.send(id, response_);
}

void Api::send_problem(Connection id, int status, std::string_view detail) {
  http::set_problem(fresh(), status, detail);
  response_.add("Cache-Control", "no-store");
  send(id);
}

void Api::send_error(Connection id, const Error& error) {
  fresh();
  const int status = status_of(error.code);
  if (error.retry_after) {
    response_.add("Retry-After", static_cast<std::uint64_t>(std::max<std::int64_t>(
                                     1, (error.retry_after->count() + 999) / 1000)));
  } else if (status == 503 || status == 429) {
    response_.add("Retry-After", std::uint64_t{1});
  }
  http::set_problem(response_, status, error.message);
  response_.add("Cache-Control", "no-store");
  send(id);
}

void Api::send_json(Connection id, int status, std::string_view json_line) {
  http::Response& response = fresh();
  response.status = status;
  response.add("Content-Type", "application/json");
  response.add("Cache-Control", "no-store");
  response.body = json_line;
  send(id);
}

std::optional<EndpointName> Api::one_name(Connection id, const Target& target) {
  if (!ok(id, parse_names(target.endpoint, 1, names_))) return std::nullopt;
  return std::move(names_.front());
}

}  // namespace pistachio
