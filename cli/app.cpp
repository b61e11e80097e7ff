#include "cli/app.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <sstream>

#include "cli/config_file.h"
#include "cli/exit_status.h"
#include "cli/flag_table.h"
#include "cli/help.h"
#include "cli/listen.h"
#include "cli/peek.h"
#include "cli/push.h"
#include "cli/serve.h"
#include "cli/stats.h"
#include "cli/suggest.h"
#include "cli/units.h"
#include "cli/upkeep.h"
#include "core/endpoint_name.h"
#include "core/version.h"

namespace pistachio::cli {
namespace {

constexpr std::uint64_t kAnyCount = std::uint64_t{1} << 53;  // what JSON numbers hold exactly

/// "250ms..30s"
std::optional<std::string> set_backoff(const std::string& text, Backoff& backoff) {
  const auto dots = text.find("..");
  if (dots == std::string::npos) return "write it as 250ms..30s";
  const auto first = parse_duration(text.substr(0, dots));
  const auto most = parse_duration(text.substr(dots + 2));
  if (!first) return first.error().message;
  if (!most) return most.error().message;
  if (*first == Duration::zero() || *most < *first) {
    return "the first time must be more than 0 and not more than the second";
  }
  backoff = {*first, *most};
  return std::nullopt;
}

// Of what CLI11 was told. The name of a flag's type is the list of what it takes (FlagTable).
CommandSummary summary_of(const CLI::App& app) {
  CommandSummary command{.name = app.get_parent() == nullptr ? "" : app.get_name(), .flags = {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;  // ENDPOINT, MESSAGE
    FlagSummary& flag = command.flags.emplace_back();
    flag.name = "--" + option->get_lnames().front();
    if (!option->get_snames().empty()) flag.short_name = "-" + option->get_snames().front();
    flag.takes_value = option->get_items_expected_max() > 0;
    flag.has_variable = flag.name != "--help" && flag.name != "--version";
    const std::string type = option->get_type_name();
    if (type.find('|') == std::string::npos) continue;
    std::istringstream choices(type);
    for (std::string choice; std::getline(choices, choice, '|');) flag.choices.push_back(choice);
  }
  return command;
}

// The command line as CLI11 knows it, and the variables that it fills in.
class CommandLine {
 public:
  CommandLine() {
    root_.name("pistachio");
    root_.set_help_flag("-h,--help");
    root_.set_version_flag("--version", std::string(version()));
    root_.require_subcommand(1);
    root_.add_option("--config", config_);
    declare_serve(command("serve"));
    declare_push(command("push"));
    declare_listen(command("listen"));
    declare_stats(command("stats"));
    declare_peek(command("peek"));
    declare_purge(command("purge"));
    declare_redrive(command("redrive"));
  }

  int run(const std::vector<std::string>& arguments, const Surroundings& surroundings);

  std::vector<CommandSummary> summaries() const {
    std::vector<CommandSummary> all = {summary_of(root_)};
    for (const CLI::App* app : root_.get_subcommands({})) all.push_back(summary_of(*app));
    return all;
  }

 private:
  FlagTable& command(const std::string& name) {
    CLI::App* app = root_.add_subcommand(name);
    app->set_help_flag("-h,--help");
    app->add_option("--config", config_);
    apps_.push_back(app);
    return tables_.emplace_back(*app, name);
  }

  void declare_serve(FlagTable& flags) {
    flags.add("--namespace", serve_.name_space);
    flags.add("--path", serve_.path);
    flags.add("--listen", serve_.listen);
    flags.add("--open", serve_.open);
    flags.add("--timeout", serve_.timeout);
    flags.add("--store", serve_.store);
    flags.add_size("--max-store-size", serve_.max_store_size);
    flags.add_size("--memory-budget", serve_.memory_budget);
    flags.add_size("--max-message-size", serve_.max_message_size);
    flags.add_count("--max-queued", serve_.max_queued, 0, kAnyCount);
    flags.add("--max-attempts", [this](const std::string& text) -> std::optional<std::string> {
      const auto attempts = parse_count(text, 0, std::numeric_limits<std::uint32_t>::max());
      if (!attempts) return attempts.error().message;
      serve_.max_attempts = static_cast<std::uint32_t>(*attempts);
      return std::nullopt;
    });
    flags.add("--max-lease", serve_.max_lease);
    flags.add("--default-ttl", serve_.default_ttl);
    flags.add_count("--max-connections", serve_.max_connections, 1, kAnyCount);
    flags.add("--cors-origin", serve_.cors_origins);
    flags.add("--drain-timeout", serve_.drain_timeout);
    flags.add_choice("--log-level", serve_.log_level,
                     {"trace", "debug", "info", "warn", "error", "off"});
    flags.add_choice("--log-format", serve_.log_format, {"text", "json"});
  }

  void declare_push(FlagTable& flags) {
    flags.add("--file", push_.file);
    flags.add("--lines", push_.lines);
    flags.add("--ndjson", push_.ndjson);
    flags.add("--content-type", push_.content_type);
    flags.add("--delay", push_.delay);
    flags.add("--ttl", push_.ttl);
    flags.add("--key", push_.key);
    flags.add("--retry-for", push_.retry_for);
    flags.add("--redis", push_.redis);
    flags.add("--namespace", push_.name_space);
    flags.add("-v,--verbose", push_.verbose);
    declare_server(flags, push_.server);
    apps_.back()->add_option("ENDPOINT", push_.endpoint);
    apps_.back()->add_option("MESSAGE", push_.message);
  }

  void declare_listen(FlagTable& flags) {
    flags.add_count("-n,--count", listen_.count, 1, kAnyCount);
    flags.add("--once", listen_.once);
    flags.add("--drain", listen_.drain);
    flags.add("--wait", listen_.wait);
    flags.add("--lease", listen_.lease);
    flags.add_count("--batch", listen_.batch, 1, kMostLeased);
    flags.add_choice("--format", listen_.format, {"raw", "json"});
    flags.add("-0,--null", listen_.null);
    flags.add("--backoff",
              [this](const std::string& text) { return set_backoff(text, listen_.backoff); });
    flags.add("--retry-for", listen_.retry_for);
    flags.add("--exec", listen_.exec);
    flags.add_count("--jobs", listen_.jobs, 1, kMostJobs);
    declare_server(flags, listen_.server);
    apps_.back()->add_option("ENDPOINT", listen_.endpoints);
  }

  void declare_stats(FlagTable& flags) {
    flags.add("--watch", stats_.watch);
    declare_server(flags, stats_.server);
    apps_.back()->add_option("ENDPOINT", stats_.endpoints);
  }

  void declare_peek(FlagTable& flags) {
    flags.add_count("-n,--count", peek_.count, 1, kMostPeeked);
    flags.add_choice("--format", peek_.format, {"raw", "json"});
    flags.add("-0,--null", peek_.null);
    declare_server(flags, peek_.server);
    apps_.back()->add_option("ENDPOINT", peek_.endpoint);
  }

  void declare_purge(FlagTable& flags) {
    flags.add("--id", purge_.id);
    flags.add("--yes", purge_.yes);
    declare_server(flags, purge_.server);
    apps_.back()->add_option("ENDPOINT", purge_.endpoint);
  }

  void declare_redrive(FlagTable& flags) {
    declare_server(flags, redrive_.server);
    apps_.back()->add_option("ENDPOINT", redrive_.endpoint);
  }

  static void declare_server(FlagTable& flags, ServerOptions& server) {
    flags.add("--url", server.url);
    flags.add("--token", server.token);
    flags.add("--token-file", server.token_file);
    flags.add("--ca-file", server.ca_file);
    flags.add("--insecure", server.insecure);
  }

  std::string what_is_extra(const CLI::App& app, const FlagTable* flags) const;
  std::optional<std::string> misspelt_key(const ConfigFile& file) const;

  CLI::App root_;
  std::vector<CLI::App*> apps_;
  std::deque<FlagTable> tables_;
  std::string config_;
  ServeOptions serve_;
  PushOptions push_;
  ListenOptions listen_;
  StatsOptions stats_;
  PeekOptions peek_;
  PurgeOptions purge_;
  RedriveOptions redrive_;
};

// What to say about an argument that no command or flag took.
std::string CommandLine::what_is_extra(const CLI::App& app, const FlagTable* flags) const {
  const auto rest = app.remaining();
  std::string culprit = rest.empty() ? "" : rest.front();
  std::vector<std::string> known = {"--help", "--config"};
  for (const auto& argument : rest) {
    if (argument.size() > 1 && argument.front() == '-') {
      culprit = argument.substr(0, argument.find('='));
      break;
    }
  }
  const bool is_flag = culprit.size() > 1 && culprit.front() == '-';
  if (flags != nullptr) {
    const auto names = flags->long_names();
    known.insert(known.end(), names.begin(), names.end());
  } else if (is_flag) {
    known.push_back("--version");
  } else {
    known.clear();
    for (const auto& table : tables_) known.push_back(table.command());
  }
  if (!is_flag && flags != nullptr) return "\"" + culprit + "\" is one argument too many";
  std::string said = (is_flag ? "there is no flag " : "there is no command ") + culprit;
  if (const auto meant = nearest(culprit, known)) said += "; did you mean " + *meant + "?";
  return said;
}

std::optional<std::string> CommandLine::misspelt_key(const ConfigFile& file) const {
  std::vector<std::string> commands;
  for (const auto& table : tables_) commands.push_back(table.command());
  for (const auto& [section, entries] : file.sections()) {
    const auto at = std::find(commands.begin(), commands.end(), section);
    if (at == commands.end()) {
      const auto meant = nearest(section, commands);
      return file.path() + ": there is no section [" + section + "]" +
             (meant ? "; did you mean [" + *meant + "]?" : "");
    }
    std::vector<std::string> known;
    for (const auto& name : tables_[static_cast<std::size_t>(at - commands.begin())].long_names()) {
      known.push_back(name.substr(2));
    }
    for (const auto& [name, entry] : entries) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto meant = nearest(name, known);
      return file.path() + " line " + std::to_string(entry.line) + ": [" + section +
             "] has no key \"" + name + "\"" + (meant ? "; did you mean " + *meant + "?" : "");
    }
  }
  return std::nullopt;
}

int CommandLine::run(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  std::string name;
  const auto print = [&surroundings](std::string_view text) {
    return ::write(surroundings.out, text.data(), text.size()) < 0 ? kFailed : kDone;
  };
  const auto wrong = [&](const std::string& what) {
    const std::string program = "pistachio" + (name.empty() ? "" : " " + name);
    surroundings.err << program << ": " << what << "\nTry '" << program << " --help'." << std::endl;
    return kWrongUsage;
  };
  const auto chosen = [this] {
    std::size_t at = 0;
    while (at < apps_.size() && !apps_[at]->parsed()) ++at;
    return at;
  };
  try {
    root_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return print(help_of(chosen() < apps_.size() ? tables_[chosen()].command() : ""));
  } catch (const CLI::CallForVersion&) {
    return print("pistachio " + std::string(version()) + "\n");
  } catch (const CLI::ParseError& error) {
    if (arguments.empty()) {
      surroundings.err << help_of("") << std::flush;
      return kWrongUsage;
    }
    const std::size_t at = chosen();
    if (at < apps_.size()) name = tables_[at].command();
    if (!root_.remaining().empty()) return wrong(what_is_extra(root_, nullptr));
    if (at < apps_.size() && !apps_[at]->remaining().empty()) {
      return wrong(what_is_extra(*apps_[at], &tables_[at]));
    }
    const std::string what = error.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return wrong(what);
    return wrong(what.substr(0, what.find(':')) + " needs a value");
  }
  const FlagTable& flags = tables_[chosen()];
  name = flags.command();
  if (config_.empty()) config_ = surroundings.environment("PISTACHIO_CONFIG").value_or("");
  ConfigFile file;
  if (!config_.empty()) {
    auto read = ConfigFile::read(config_);
    if (!read) return wrong(read.error().message);
    file = std::move(*read);
    if (const auto misspelt = misspelt_key(file)) return wrong(*misspelt);
  }
  if (const auto applied = flags.apply(surroundings.environment, file); !applied) {
    return wrong(applied.error().message);
  }
  if (name == "serve") {
    if (serve_.store.empty()) {
      const auto store = default_store(surroundings.environment);
      if (!store) return wrong("say where messages rest: --store file:DIRECTORY, or memory:");
      serve_.store = *store;
    }
    return serve(serve_, surroundings.err);
  }
  if (name == "stats") return stats(stats_, surroundings);
  if (apps_[chosen()]->get_option("ENDPOINT")->empty()) return wrong("say which ENDPOINT");
  if (name == "push") return push(push_, surroundings);
  if (name == "listen") return listen(listen_, surroundings);
  if (name == "peek") return peek(peek_, surroundings);
  if (name == "purge") return purge(purge_, surroundings);
  return redrive(redrive_, surroundings);
}

}  // namespace

int run_app(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  return CommandLine().run(arguments, surroundings);
}

int run_app(int argc, const char* const* argv) {
  const Surroundings surroundings{
      .in = STDIN_FILENO,
      .out = STDOUT_FILENO,
      .err = std::cerr,
      .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
      .environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      }};
  try {
    return run_app(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), surroundings);
  } catch (const std::exception& error) {
    std::cerr << "pistachio: " << error.what() << std::endl;
    return kFailed;
  }
}

std::vector<CommandSummary> commands() { return CommandLine().summaries(); }

}  // namespace pistachio::cli
