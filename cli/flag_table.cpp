#include "cli/flag_table.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/units.h"

namespace pistachio::cli {
namespace {

// --max-queued -> PISTACHIO_MAX_QUEUED
std::string variable_of(std::string_view long_name) {
  std::string out = "PISTACHIO_";
  for (const char c : long_name.substr(2)) {
    out += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from <= text.size()) {
    const auto comma = std::min(text.find(',', from), text.size());
    if (comma > from) out.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

// Stores what parsing gave, or says why it gave nothing.
template <class T, class Value>
std::optional<std::string> take(Expected<T> parsed, Value& value) {
  if (!parsed) return parsed.error().message;
  value = *parsed;
  return std::nullopt;
}

}  // namespace

struct FlagTable::Flag {
  CLI::Option* option;
  std::string long_name;  // with its dashes
  Kind kind;
  std::function<std::optional<std::string>(const std::vector<std::string>&)> set;
};

FlagTable::FlagTable(CLI::App& command, std::string name) : app_(command), name_(std::move(name)) {}
FlagTable::~FlagTable() = default;
FlagTable::FlagTable(FlagTable&&) noexcept = default;

void FlagTable::add(
    const std::string& names, Kind kind,
    std::function<std::optional<std::string>(const std::vector<std::string>&)> set) {
  CLI::Option* option = kind == Kind::flag ? app_.add_flag(names) : app_.add_option(names);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (kind != Kind::flag) option->expected(1)->allow_extra_args(false);
  flags_.push_back({option, "--" + option->get_lnames().front(), kind, std::move(set)});
}

void FlagTable::add(const std::string& names,
                    std::function<std::optional<std::string>(const std::string& text)> set) {
  add(names, Kind::one, [set = std::move(set)](const std::vector<std::string>& values) {
    return set(values.back());
  });
}

void FlagTable::add(const std::string& names, std::string& value) {
  add(names, [&value](const std::string& text) -> std::optional<std::string> {
    value = text;
    return std::nullopt;
  });
}

void FlagTable::add(const std::string& names, std::optional<std::string>& value) {
  add(names, [&value](const std::string& text) -> std::optional<std::string> {
    value = text;
    return std::nullopt;
  });
}

void FlagTable::add(const std::string& names, std::vector<std::string>& values) {
  add(names, Kind::several,
      [&values](const std::vector<std::string>& given) -> std::optional<std::string> {
        values = given;
        return std::nullopt;
      });
}

void FlagTable::add(const std::string& names, bool& value) {
  add(names, Kind::flag,
      [&value](const std::vector<std::string>& given) -> std::optional<std::string> {
        const std::string& text = given.back();
        value = text == "true" || text == "1" || text == "yes" || text == "on";
        if (value || text == "false" || text == "0" || text == "no" || text == "off") {
          return std::nullopt;
        }
        return "\"" + text + "\" is neither true nor false";
      });
}

void FlagTable::add(const std::string& names, Duration& value) {
  add(names, [&value](const std::string& text) { return take(parse_duration(text), value); });
}

void FlagTable::add(const std::string& names, std::optional<Duration>& value) {
  add(names, [&value](const std::string& text) { return take(parse_duration(text), value); });
}

void FlagTable::add_size(const std::string& names, std::uint64_t& bytes) {
  add(names, [&bytes](const std::string& text) { return take(parse_size(text), bytes); });
}

void FlagTable::add_count(const std::string& names, std::uint64_t& value, std::uint64_t least,
                          std::uint64_t most) {
  add(names, [&value, least, most](const std::string& text) {
    return take(parse_count(text, least, most), value);
  });
}

void FlagTable::add_choice(const std::string& names, std::string& value,
                           std::vector<std::string> choices) {
  std::string type;  // for whoever lists the flags: CLI11 reads nothing into it
  for (const auto& choice : choices) type += (type.empty() ? "" : "|") + choice;
  add(names,
      [&value,
       choices = std::move(choices)](const std::string& text) -> std::optional<std::string> {
        if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
          value = text;
          return std::nullopt;
        }
        std::string known;
        for (const auto& choice : choices) known += (known.empty() ? "" : ", ") + choice;
        return "\"" + text + "\" is none of " + known;
      });
  flags_.back().option->type_name(type);
}

Expected<bool> FlagTable::apply(const Environment& environment, const ConfigFile& file) const {
  for (const Flag& flag : flags_) {
    std::vector<std::string> values;
    std::string origin;
    const std::string variable = variable_of(flag.long_name);
    if (flag.option->count() > 0) {
      values = flag.option->results();
      origin = flag.long_name;
    } else if (const auto text = environment(variable); text && !text->empty()) {
      values = flag.kind == Kind::several ? split_at_commas(*text) : std::vector{*text};
      origin = variable;
    } else if (const auto* entry = file.find(name_, flag.long_name.substr(2))) {
      values = entry->values;
      origin =
          file.path() + " line " + std::to_string(entry->line) + ", " + flag.long_name.substr(2);
      if (values.size() != 1 && flag.kind != Kind::several) {
        return failure(Errc::bad_argument, origin + ": takes one value");
      }
    }
    if (origin.empty() || values.empty()) continue;
    if (const auto wrong = flag.set(values)) {
      return failure(Errc::bad_argument, origin + ": " + *wrong);
    }
  }
  return true;
}

std::vector<std::string> FlagTable::long_names() const {
  std::vector<std::string> names;
  for (const Flag& flag : flags_) names.push_back(flag.long_name);
  return names;
}

}  // namespace pistachio::cli
