#include "tacos-plan/command/command_line.h"

#include <algorithm>
#include <array>
#include <deque>
#include <sstream>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/units.h"
#include "tacos-plan/command/stored_text.h"
#include "tacos-plan/demand/inputs_reader.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

constexpr const char* kDescription =
    R"(tacos-plan: sizes and prices the waiting room of a sale, and says where it breaks first.

With no command it plans: the rate of admission, waits, polling, Redis, DynamoDB, gateway pods, quotas and cost, each
number with its formula and source, and warnings where a common shortcut would mislead.)";

constexpr const char* kFooter =
    R"(Every number that goes in has a name, a unit and a source: tacos-plan assumptions. Give it by flag, or in a file:
  {"schema": "tacos.plan-inputs/1", "users": 500000, "poll_interval_sec": "10s", "conversion": 0.6}

Examples:
  tacos-plan --users 300000 --seats 10000 --target-wait 5m
  tacos-plan --inputs sale.json --format html --out plan.html
  tacos-plan --profile original                              the 2025 design's reckoning, beside today's
  tacos-plan simulate --users 300000 --seats 10000 --rungs 1k,5k,10k,20k,30k
  tacos-plan compare --users 300000 --seats 10000 --format markdown
  tacos-plan scenario --users 300000 --poll-interval 10s --out sale.json && tacos-load run sale.json
  tacos-plan verify reports/runs/demo --users 300000 --seats 10000 --admission-rate 1000
  tacos-plan calibrate reports/runs/demo --out measured.json && tacos-plan --inputs measured.json

Exit codes: 0 done · 1 verify: the plan's promise is broken · 2 the command line or a file is wrong
            3 it could not write · 4 verify: the run is invalid and proves nothing)";

const std::array<std::pair<std::string_view, const char*>, 10> kGroups{{{"sale", "The sale"},
                                                                        {"polling", "Polling"},
                                                                        {"network", "Network"},
                                                                        {"backend", "Behind the waiting room"},
                                                                        {"gateway", "Gateway"},
                                                                        {"scaling", "Scaling"},
                                                                        {"redis", "Redis"},
                                                                        {"dynamodb", "DynamoDB"},
                                                                        {"cost", "Cost"},
                                                                        {"patterns", "Other ways to build it"}}};

const char* heading_of(std::string_view group) {
  const auto found = std::find_if(kGroups.begin(), kGroups.end(), [&](const auto& g) { return g.first == group; });
  return found == kGroups.end() ? "Other" : found->second;
}

const char* type_of(QuantityUnit unit) {
  switch (unit) {
    case QuantityUnit::kCount:
      return "COUNT";
    case QuantityUnit::kNumber:
      return "NUMBER";
    case QuantityUnit::kSeconds:
      return "TIME";
    case QuantityUnit::kPerSecond:
      return "RATE";
    case QuantityUnit::kShare:
      return "SHARE";
    case QuantityUnit::kBytes:
      return "BYTES";
    case QuantityUnit::kUsd:
      return "USD";
  }
  return "";
}

std::string default_text(const QuantitySpec& spec) {
  if (spec.unit == QuantityUnit::kSeconds) return core::format_duration(core::from_seconds(spec.value));
  if (spec.unit == QuantityUnit::kShare) return fmt::format("{:g}%", spec.value * 100);
  return fmt::format("{:.12g}", spec.value);
}

std::string kebab(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

// CLI11 would take "-1" for a very large number.
CLI::Validator whole_number() {
  return {[](std::string& text) {
            const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
            return digits ? std::string() : "'" + text + "' is not a whole number";
          },
          "", "whole number"};
}

// Everything that can be typed. The options of the inputs belong to the program and may stand behind a command as well.
struct Grammar {
  CLI::App app{kDescription, "tacos-plan"};
  CommandLine typed;
  // A deque: CLI11 keeps references to what it fills in.
  std::deque<std::pair<Quantity, std::string>> quantities;
  std::deque<std::pair<std::string, std::string>> choices;

  Grammar() {
    app.footer(kFooter);
    app.set_version_flag("--version", std::string("tacos-plan ") + kVersion);
    app.get_formatter()->column_width(40);
    app.require_subcommand(0, 1);
    add_outputs();
    add_inputs();
    add_commands();
  }

  void add_outputs() {
    app.add_option("--format", typed.format,
                   "text, json, html (one file, offline) or markdown (default: by the name of --out, else text)")
        ->type_name("text|json|html|markdown")
        ->check(CLI::IsMember({"text", "json", "html", "markdown"}))
        ->group("What comes out");
    app.add_option("--out", typed.out, "Write here instead of to standard output")
        ->type_name("FILE")
        ->group("What comes out");
    app.add_flag("--details", typed.details, "In text: every formula, quota and cost line too")
        ->group("What comes out");
  }

  void add_inputs() {
    app.add_option("--inputs", typed.input_files, "A file of inputs, a plan's own JSON, or what calibrate wrote")
        ->type_name("FILE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group("Where the numbers come from");
    app.add_option("--prices", typed.prices_file, "Prices of your own, over the built-in list (schema tacos.prices/1)")
        ->type_name("FILE")
        ->group("Where the numbers come from");
    const PlanInputs defaults;
    for (const auto& choice : all_choices()) {
      auto& given = choices.emplace_back(std::string(choice.name), std::string());
      app.add_option("--" + kebab(choice.name), given.second,
                     fmt::format("{} (default {})", choice.meaning, choice_value(defaults, choice.name)))
          ->type_name(choice.values.empty() ? "NAME" : std::string(choice.values))
          ->group("Where the numbers come from");
    }
    for (const auto& spec : all_quantities()) {
      auto& given = quantities.emplace_back(spec.id, std::string());
      app.add_option(flag_of(spec), given.second, fmt::format("{} (default {})", spec.meaning, default_text(spec)))
          ->type_name(type_of(spec.unit))
          ->group(heading_of(spec.group));
    }
  }

  CLI::App* command(const char* name, const char* summary, const char* footer) {
    CLI::App* sub = app.add_subcommand(name, summary);
    sub->fallthrough();
    sub->footer(std::string(footer) + "\n\nThe options of tacos-plan --help apply here too.");
    return sub;
  }

  void add_commands() {
    CLI::App* simulate =
        command("simulate", "The sale second by second, in virtual time",
                "Example:\n  tacos-plan simulate --users 300000 --seats 10000 --format html --out sale.html");
    simulate->add_option("--rungs", typed.rungs, "Rates of the ladder table (default 1k,5k,10k,20k,30k)")
        ->type_name("RATES");
    simulate->add_option("--seed", typed.seed, "Of everything random: the same seed is the same sale (default 1)")
        ->type_name("NUMBER")
        ->check(whole_number());
    CLI::App* compare = command("compare", "Four ways to build it, on the same demand",
                                "Example:\n  tacos-plan compare --users 300000 --seats 10000 --target-wait 5m");
    compare->add_option("--seed", typed.seed, "Of everything random (default 1)")
        ->type_name("NUMBER")
        ->check(whole_number());
    CLI::App* sensitivity = command("sensitivity", "Which assumption moves the plan most",
                                    "Example:\n  tacos-plan sensitivity --users 300000 --vary 50%");
    sensitivity->add_option("--vary", typed.vary, "How far each is moved, up and down (default 0.2)")
        ->type_name("SHARE")
        ->transform(CLI::Validator(
            [](std::string& text) {
              const auto share = core::parse_ratio(text);
              if (!share || *share <= 0 || *share > 0.9) return "'" + text + "' is not a share above 0 and up to 90%";
              text = fmt::format("{}", *share);
              return std::string();
            },
            "", "share"));
    CLI::App* calibrate = command("calibrate", "Take from measured runs what a plan would assume",
                                  "Writes tacos.plan-inputs/1, which --inputs reads.\nExample:\n"
                                  "  tacos-plan calibrate reports/runs/demo --out measured.json");
    calibrate->add_option("REPORT", typed.reports, "report.json of a run, or the directory it is in")->required();
    CLI::App* verify = command("verify", "Hold the plan against a measured run",
                               "Exits 1 when a promise is broken, 4 when the run itself is invalid.\nExample:\n"
                               "  tacos-plan verify reports/runs/demo --users 300000 --seats 10000");
    verify->add_option("REPORT", typed.reports, "report.json of a run, or the directory it is in")
        ->required()
        ->expected(1);
    CLI::App* scenario = command("scenario", "Write the load test that would prove the plan",
                                 "Writes tacos.scenario/1, which tacos-load runs.\nExample:\n"
                                 "  tacos-plan scenario --users 300000 --out sale.json && tacos-load run sale.json");
    scenario->add_option("--ramp", typed.ramp, "How long the climb to the peak takes (default: gather_sec)")
        ->type_name("TIME");
    scenario->add_option("--hold", typed.hold, "How long the peak is held (default: until it is sold out and told)")
        ->type_name("TIME");
    command("assumptions", "List every number that goes in: name, value, unit, range, source",
            "Example:\n  tacos-plan assumptions --profile original");
  }

  // Without --format, the name of the file says it.
  void take_format_from_name() {
    if (app.count("--format") > 0) return;
    constexpr std::pair<const char*, const char*> kEndings[] = {
        {".json", "json"}, {".html", "html"}, {".md", "markdown"}};
    for (const auto& [ending, format] : kEndings) {
      if (typed.out.ends_with(ending)) typed.format = format;
    }
  }

  CommandLine chosen() {
    using enum CommandLine::Command;
    constexpr std::pair<const char*, CommandLine::Command> kCommands[] = {
        {"simulate", kSimulate}, {"compare", kCompare},   {"sensitivity", kSensitivity}, {"calibrate", kCalibrate},
        {"verify", kVerify},     {"scenario", kScenario}, {"assumptions", kAssumptions}};
    for (const auto& [name, command] : kCommands) {
      if (app.got_subcommand(name)) typed.command = command;
    }
    for (auto& given : quantities) {
      if (app.count(flag_of(spec_of(given.first))) > 0) typed.quantities.push_back(std::move(given));
    }
    for (auto& given : choices) {
      if (app.count("--" + kebab(given.first)) > 0) typed.choices.push_back(std::move(given));
    }
    take_format_from_name();
    return std::move(typed);
  }
};

core::Result<void> apply_profile(const CommandLine& command, const std::vector<std::string>& texts,
                                 PlanInputs& inputs) {
  std::string name;
  std::string called = "--profile";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto profile = profile_in(texts[i], command.input_files[i]);
    if (!profile) return profile.error();
    if (!profile->empty()) {
      name = *profile;
      called = command.input_files[i] + ": /profile";
    }
  }
  for (const auto& [choice, value] : command.choices) {
    if (choice != "profile") continue;
    name = value;
    called = "--profile";
  }
  if (name.empty()) return {};
  if (auto chosen = inputs.choose("profile", name, called); !chosen) return chosen;
  inputs.apply_profile(inputs.profile);
  return {};
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  Grammar grammar;
  Parsed parsed;
  try {
    grammar.app.parse(argc, argv);
    parsed.command = grammar.chosen();
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream problem;
    const int code = grammar.app.exit(error, out, problem);
    parsed.exit_code = code == 0 ? 0 : 2;
    parsed.output = code == 0 ? out.str() : fmt::format("tacos-plan: {}\nSee tacos-plan --help\n", error.what());
  }
  return parsed;
}

core::Result<PlanInputs> inputs_of(const CommandLine& command) {
  PlanInputs inputs;
  std::vector<std::string> texts;
  for (const auto& file : command.input_files) {
    auto text = stored_text(file, "--inputs");
    if (!text) return text.error();
    texts.push_back(std::move(*text));
  }
  if (auto applied = apply_profile(command, texts, inputs); !applied) return applied.error();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (auto read = read_inputs(texts[i], command.input_files[i], inputs); !read) return read.error();
  }
  for (const auto& [name, value] : command.choices) {
    if (auto chosen = inputs.choose(name, value, "--" + kebab(name)); !chosen) return chosen.error();
  }
  for (const auto& [quantity, text] : command.quantities) {
    const std::string flag = flag_of(spec_of(quantity));
    if (auto set = inputs.set_text(quantity, text, flag, flag); !set) return set.error();
  }
  if (auto checked = inputs.check(); !checked) return checked.error();
  return inputs;
}

}  // namespace tacos::plan
