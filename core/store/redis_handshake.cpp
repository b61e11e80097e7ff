// How a RedisNode makes its connections: first the bell link, which the command link then names.

#include <utility>

#include "core/store/redis_node.h"

namespace pistachio {
namespace {

constexpr std::string_view kBellChannel = "__redis__:invalidate";

// How long a connection may take, greetings included.
constexpr Duration kPatience = std::chrono::seconds(5);

}  // namespace

void RedisNode::start() {
  state_ = State::greeting_bell;
  act_at_ = Deadline::in(kPatience, now_);
  refused_ = false;
  bell_id_.reset();
  tracking_ = false;
  bell_.connect();
}

void RedisNode::ask(RedisLink& link, std::vector<Greeting> greetings) {
  std::string bytes;
  for (Greeting& each : greetings) {
    each.command.write_to(bytes);
    greetings_.push_back(std::move(each));
  }
  link.write(bytes);
}

std::vector<RedisNode::Greeting> RedisNode::credentials() const {
  std::vector<Greeting> greetings;
  const RedisAddress& address = options_.address;
  if (!address.password.empty()) {
    RedisCommand auth{"AUTH"};
    if (!address.user.empty()) auth.add(address.user);
    greetings.push_back({std::move(auth.add(address.password)), {}});
  }
  return greetings;
}

void RedisNode::greet_bell() {
  std::vector<Greeting> greetings = credentials();
  greetings.push_back({{"CLIENT", "SETNAME", "pistachio-bell"}, {}, false});
  greetings.push_back({{"CLIENT", "ID"},
                       [this](const RedisValue& id) {
                         if (!id.is_error()) bell_id_ = id.integer();
                       },
                       false});
  greetings.push_back({{"SUBSCRIBE", kBellChannel},
                       [this](const RedisValue& answer) {
                         if (answer.is_error()) bell_id_.reset();
                         state_ = State::greeting;
                         command_.connect();
                       },
                       false});
  ask(bell_, std::move(greetings));
}

void RedisNode::greet() {
  std::vector<Greeting> greetings = credentials();
  const auto add = [&greetings](RedisCommand command, bool needed,
                                std::function<void(const RedisValue&)> read = {}) {
    greetings.push_back({std::move(command), std::move(read), needed});
  };
  if (options_.address.database != 0) {
    add({"SELECT", std::to_string(options_.address.database)}, true);
  }
  add({"ROLE"}, false, [this](const RedisValue& role) {
    if (role[0].text() == "slave") refuse(RedisTrouble::of("READONLY replica"));
  });
  if (!options_.clock_ahead) {
    add({"TIME"}, true, [this](const RedisValue& time) {
      const Duration at(time[0].integer() * 1000 + time[1].integer() / 1000);
      ahead_ = at - now_.time_since_epoch();
    });
  }
  for (const RedisScriptText& script : redis_scripts()) {
    add({"SCRIPT", "LOAD", script.source}, true);
  }
  add(options_.probe, true);
  add({"CLIENT", "SETNAME", name_}, false);
  const std::int64_t former = command_id_;
  add({"CLIENT", "ID"}, false, [this](const RedisValue& id) { greeted_id_ = id.integer(); });
  if (bell_id_) {
    add({"CLIENT", "TRACKING", "ON", "REDIRECT", std::to_string(*bell_id_), "OPTOUT", "NOLOOP"},
        false, [this](const RedisValue& answer) { tracking_ = !answer.is_error(); });
  }
  // What the connection before had sent and Redis not yet read must not be carried out after what
  // is sent now. Its number alone is not enough: another Redis, or this one begun anew, has given
  // that to somebody else.
  if (former != 0) {
    add({"CLIENT", "LIST", "ID", std::to_string(former)}, false,
        [this, former](const RedisValue& found) {
          const bool is_ours = found.text().find(" name=" + name_ + " ") != std::string_view::npos;
          if (!is_ours || former == greeted_id_) return;
          std::vector<Greeting> last;
          last.push_back({{"CLIENT", "KILL", "ID", std::to_string(former)}, {}, false});
          ask(command_, std::move(last));
        });
  }
  ask(command_, std::move(greetings));
}

void RedisNode::on_greeting(const RedisValue& value) {
  // What it says before it closes the connection is why.
  if (greetings_.empty() || refused_ || (!lost_why_.empty() && !value.is_error())) return;
  const Greeting greeting = std::move(greetings_.front());
  greetings_.pop_front();
  if (value.is_error()) {
    const std::string_view text = value.text();
    const RedisTrouble trouble = RedisTrouble::of(text);
    const bool fatal = trouble.is_away || text.starts_with("NOAUTH") ||
                       text.starts_with("DENIED") || text.starts_with("ERR max number");
    if (greeting.needed || fatal) return refuse(trouble);
  }
  const bool of_command_link = state_ == State::greeting;
  if (greeting.read) greeting.read(value);
  if (of_command_link && greetings_.empty() && lost_why_.empty()) become_ready();
}

void RedisNode::refuse(const RedisTrouble& trouble) {
  refused_ = true;
  lost_why_ = trouble.what;
  if (!trouble.heals) lost_code_ = Errc::bad_argument;
  asks_for_patience_ = trouble.heals && !trouble.is_replica;
}

void RedisNode::become_ready() {
  state_ = State::ready;
  command_id_ = greeted_id_;
  failures_ = 0;
  if (!options_.clock_ahead) ask_time_at_ = Deadline::in(kPatience, now_);
  if (trouble_ && was_ready_once_) {
    report(Severity::info, options_.address.shown() + " can be used again");
  }
  was_ready_once_ = true;
  trouble_.reset();
  if (!tracking_) {
    report(
        Severity::warning,
        options_.address.shown() +
            " does not tell of changes (CLIENT TRACKING or SUBSCRIBE is refused): endpoints with "
            "waiting polls are looked at four times a second instead");
  }
  callbacks_.on_ready();
}

}  // namespace pistachio
