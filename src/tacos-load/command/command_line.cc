#include "tacos-load/command/command_line.h"

#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tacos-load/version.h"

namespace tacos::load {
namespace {

constexpr const char* kDescription =
    R"(tacos-load: offers a planned rate of requests to a waiting room and tells the truth about latency.

With no command it runs the headline: 300,000 users who join, poll, enter and buy, a ramp from 1,000 to
--rps requests per second, then a hold. The schedule is settled before anything is sent; every latency
counts from when a request was due, so a slow target can't hide behind the requests it delays.)";

constexpr const char* kFooter = R"(Examples:
  tacos-load --rps 30000                                    the headline run against http://127.0.0.1:8080
  tacos-load --rps 5000 --users 50000 --ramp 20s --hold 20s --gate 'p99(status) < 20ms'
  tacos-load run scenarios/ticket-open.json --target http://10.0.0.7:8080
  tacos-load --url http://127.0.0.1:8080/healthz --rps 1000 --duration 60s --connections 100
  tacos-load run scenarios/ladder.json --observe gateway=pid:4711 --observe redis=redis://127.0.0.1:6379
  tacos-load compare --baseline reports/runs/main --candidate reports/runs/mine --max-regression 'p99(status) 10%'
  tacos-load report reports/runs/west reports/runs/east --report reports/runs/both
  tacos-load doctor

Exit codes: 0 passed · 1 a gate failed · 2 the command line or a file is wrong · 3 it could not run
            4 the run is invalid (the generator was the bottleneck, or it was interrupted)
            5 a comparison was inconclusive)";

constexpr const char* kReportFooter = R"(Examples:
  tacos-load report reports/runs/ticket-open-20261121T080000Z            render its files again
  tacos-load report reports/runs/A --gate 'p99(status) < 20ms'           and judge it by other gates
  tacos-load report reports/runs/west reports/runs/east --report reports/runs/both
                                       one report of two machines that ran the same scenario at the same time

A merge is exact: histograms and counts of each interval add up, and percentiles are taken from the sums. The gates are
judged again; a part that was invalid makes the whole invalid.)";

constexpr const char* kCompareFooter = R"(Examples:
  tacos-load compare --baseline reports/runs/main --candidate reports/runs/mine
  tacos-load compare --baseline A --candidate B --max-regression 'p99(status) 10%' --max-regression 'errors 0.1%'
  tacos-load compare --baseline A1 A2 A3 --candidate B1 B2 B3            several runs of each side: medians, with spread

A limit is a metric of the gates and how much worse the candidate may be: '10%', '5ms' or '1.5x'. For rate and achieved,
less is worse; 'errors 0.1%' are percentage points. A limit on a percentile that too few requests stand behind is
inconclusive (exit 5), and says how many more it takes. Invalid and interrupted runs are refused (exit 4).)";

constexpr const char* kLaddersFooter = R"(Examples:
  tacos-load ladders keys=reports/runs/keys index=reports/runs/index --report reports/runs/strategies
  tacos-load ladders before=A after=B --title 'A larger pool' --note 'same machine, 10,000 users'
  tacos-load ladders index=A watermark=B --format json | jq '.ladders[] | .name, .knee.text'

Each run is of a scenario with rungs and a queue, and watched at least a part called redis… and one called gateway…
(--observe). Rungs of the same rate stand beside each other. The knee of a ladder is its last rung that held: gates,
99 % of the rate answered, at most 1 % failed, p99 not bent. Name the old way first: later ladders are shown as a share of
earlier ones. Exits 0 whether or not the ladders held, 2 when a run is no such ladder.)";

void add_target_options(CLI::App& app, CommandLine& to) {
  app.add_option("--target", to.targets,
                 "Where the waiting room is (default http://127.0.0.1:8080); repeated, requests take turns over them")
      ->type_name("URL")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("What to load");
  app.add_option("--url", to.url, "Send this one request instead of journeys, at --rps for --duration")
      ->type_name("URL")
      ->group("What to load");
  app.add_option("--method", to.method, "With --url: GET, POST or DELETE (default GET, with --body POST)")
      ->group("What to load");
  app.add_option("--body", to.body, "With --url: the JSON body to send")->type_name("TEXT")->group("What to load");
  app.add_option("--header", to.headers, "Send this header with every request; may be repeated")
      ->type_name("'NAME: VALUE'")
      ->group("What to load");
  app.add_option("--event-id", to.event_id, "The event to queue for; {run} is the start time (default sale-{run})")
      ->type_name("ID")
      ->group("What to load");
}

void add_rate_options(CLI::App& app, CommandLine& to) {
  app.add_option("--rps", to.rps, "Requests per second at the top of the ramp (default 30000; with --url 1000)")
      ->type_name("RATE")
      ->group("How much");
  app.add_option("--from-rps", to.from_rps, "Requests per second at its foot (default 1000)")
      ->type_name("RATE")
      ->group("How much");
  app.add_option("--ramp", to.ramp, "How long the ramp takes (default 60s)")->type_name("TIME")->group("How much");
  app.add_option("--hold", to.hold, "How long the top is held (default 30s)")->type_name("TIME")->group("How much");
  app.add_option("--duration", to.duration, "A constant --rps for this long, without a ramp (with --url default 30s)")
      ->type_name("TIME")
      ->group("How much");
  app.add_option("--warmup", to.warmup, "Send the first rate for this long before, kept out of percentiles and gates")
      ->type_name("TIME")
      ->group("How much");
  app.add_option("--users", to.users, "People in the crowd (default 300000)")->type_name("COUNT")->group("How much");
  app.add_option("--poll-interval", to.poll_interval, "How often a waiting user asks (default 10s)")
      ->type_name("TIME")
      ->group("How much");
  app.add_flag("--honour-poll-after", to.honour_poll_after, "Ask again when the server says (poll_after_ms) instead")
      ->group("How much");
  app.add_option("--model", to.model,
                 "What the rate counts: requests (exact) or users, who arrive at it (default requests)")
      ->type_name("requests|users")
      ->group("How much");
  app.add_option("--spacing", to.spacing, "even, or poisson as strangers arrive (default even)")
      ->type_name("even|poisson")
      ->group("How much");
  app.add_option("--seed", to.seed, "Seed of everything random; it is in the report (default 1)")
      ->type_name("NUMBER")
      ->group("How much");
}

void add_transport_options(CLI::App& app, CommandLine& to) {
  app.add_option("--connections", to.connections,
                 "Keep-alive connections the users share, or per-user (default: by the rate)")
      ->type_name("COUNT|per-user")
      ->group("How it is sent");
  app.add_option("--engine", to.engine, "asio (HTTP/1.1), curl (HTTP/2, proxies) or auto (default auto)")
      ->type_name("auto|asio|curl")
      ->group("How it is sent");
  app.add_option("--workers", to.workers, "Threads that send (default: by the rate and the cores)")
      ->type_name("COUNT")
      ->group("How it is sent");
  app.add_option("--timeout", to.timeout, "Give a request up this long after it was due (default 10s)")
      ->type_name("TIME")
      ->group("How it is sent");
  app.add_option("--source-address", to.source_addresses, "Local addresses to spread connections over, comma separated")
      ->type_name("ADDRESSES")
      ->group("How it is sent");
  app.add_option("--ca-file", to.ca_file, "Trust these PEM certificates instead of the system's")
      ->type_name("FILE")
      ->group("How it is sent");
  app.add_flag("--insecure", to.insecure, "Do not verify the server's certificate")->group("How it is sent");
  app.add_flag("--http2", to.http2, "Speak HTTP/2 (curl engine)")->group("How it is sent");
  app.add_option("--proxy", to.proxy, "Send through this proxy (curl engine)")
      ->type_name("URL")
      ->group("How it is sent");
}

void add_output_options(CLI::App& app, CommandLine& to) {
  app.add_option("--observe", to.observe,
                 "Watch a part of the system once a second and name the bottleneck, such as gateway=pid:4711, "
                 "redis=redis://127.0.0.1:6379 or api=http://host:9100/metrics,cores=4; may be repeated")
      ->type_name("NAME=SOURCE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("What comes out");
  app.add_option("--gate", to.gates, "Fail the run unless this holds, such as 'p99(status) < 50ms'; may be repeated")
      ->type_name("EXPRESSION")
      ->group("What comes out");
  app.add_option("--report", to.report_dir, "Write the report here (default reports/runs/NAME-TIME)")
      ->type_name("DIR")
      ->group("What comes out");
  app.add_option("--abort-on-breach", to.abort_on_breach,
                 "End the run once a gate is broken; judged from this long after the warm-up (default when given: 10s)")
      ->type_name("TIME")
      ->expected(0, 1)
      ->default_str("10s")
      ->group("What comes out");
  app.add_option("--history", to.history,
                 "Write what each user asked and was told to FILE.0, FILE.1, ... (one per worker), for a checker")
      ->type_name("FILE")
      ->group("What comes out");
  app.add_flag("--quiet", to.quiet, "No progress lines; the summary still comes")->group("What comes out");
}

void add_report_command(CLI::App& app, ReportCommand& to) {
  CLI::App* report = app.add_subcommand("report", "Render a run's files again, or merge runs of several machines");
  report->footer(kReportFooter);
  report->add_option("DIR", to.directories, "Directories of runs")->required();
  report->add_option("--report", to.report_dir, "Write here (default: in place for one run, reports/runs/merged-TIME)")
      ->type_name("DIR");
  report->add_option("--gate", to.gates, "Judge by these gates instead of the run's own; may be repeated")
      ->type_name("EXPRESSION");
}

void add_compare_command(CLI::App& app, CompareCommand& to) {
  CLI::App* compare = app.add_subcommand("compare", "Hold a candidate's runs against a baseline's");
  compare->footer(kCompareFooter);
  compare->add_option("--baseline", to.baseline, "Directories of the runs to measure against")
      ->type_name("DIR...")
      ->required();
  compare->add_option("--candidate", to.candidate, "Directories of the runs to judge")->type_name("DIR...")->required();
  compare
      ->add_option("--max-regression", to.limits,
                   "Fail when this got worse by more, such as 'p99(status) 10%'; may be repeated")
      ->type_name("LIMIT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  compare->add_option("--report", to.report_dir, "Write comparison.html and comparison.json here")->type_name("DIR");
  compare->add_option("--format", to.format, "What to print: text or json (default text)")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  compare->add_flag("--allow-invalid", to.allow_invalid, "Compare invalid and interrupted runs too");
}

void add_ladders_command(CLI::App& app, LaddersCommand& to) {
  CLI::App* ladders =
      app.add_subcommand("ladders", "Show ladders of several strategies side by side, with their knees");
  ladders->footer(kLaddersFooter);
  ladders->add_option("NAME=DIR", to.ladders, "What to call a ladder, and the directory of its run")->required();
  ladders->add_option("--report", to.report_dir, "Write ladders.html, ladders.json and ladders.md here")
      ->type_name("DIR");
  ladders->add_option("--title", to.title, "The heading of the page (default: Ladders side by side)")
      ->type_name("TEXT");
  ladders->add_option("--note", to.notes, "Say this of how the runs were made, such as the scale; may be repeated")
      ->type_name("TEXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  ladders->add_option("--format", to.format, "What to print: text, markdown or json (default text)")
      ->type_name("text|markdown|json")
      ->check(CLI::IsMember({"text", "markdown", "json"}));
}

void add_doctor_command(CLI::App& app, DoctorCommand& to) {
  CLI::App* doctor = app.add_subcommand("doctor", "Measure what this machine can do, and say how to raise its limits");
  doctor->footer("Takes about five seconds. Example:\n  tacos-load doctor --format json | jq .capacity");
  doctor->add_option("--format", to.format, "text or json, schema tacos.doctor/1 (default text)")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}));
}

void add_completion_command(CLI::App& app, CompletionCommand& to) {
  CLI::App* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  completion->footer("Example:\n  tacos-load completion bash > ~/.local/share/bash-completion/completions/tacos-load");
  completion->add_option("SHELL", to.shell, "bash, zsh or fish")
      ->type_name("bash|zsh|fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

// Everything that can be typed, in one place: parsing, help, completion scripts and docs/cli come from it.
struct Grammar {
  CLI::App app{kDescription, "tacos-load"};
  CommandLine run_flags;
  ReportCommand report;
  CompareCommand compare;
  LaddersCommand ladders;
  DoctorCommand doctor;
  CompletionCommand completion;

  Grammar() {
    app.footer(kFooter);
    app.set_version_flag("--version", std::string("tacos-load ") + kVersion);
    app.get_formatter()->column_width(36);
    add_run_options(app);
    CLI::App* run = app.add_subcommand("run", "Run a scenario file; every flag overrides what the file says");
    run->add_option("FILE", run_flags.scenario_file,
                    "A scenario (schema tacos.scenario/1), such as scenarios/ladder.json")
        ->required();
    run->footer("Example:\n  tacos-load run scenarios/ladder.json --target http://10.0.0.7:8080 --seed 7");
    add_run_options(*run);
    add_report_command(app, report);
    add_compare_command(app, compare);
    add_ladders_command(app, ladders);
    add_doctor_command(app, doctor);
    add_completion_command(app, completion);
    app.require_subcommand(0, 1);
  }

  void add_run_options(CLI::App& to) {
    add_target_options(to, run_flags);
    add_rate_options(to, run_flags);
    add_transport_options(to, run_flags);
    add_output_options(to, run_flags);
  }

  Command chosen() {
    if (app.got_subcommand("report")) return std::move(report);
    if (app.got_subcommand("compare")) return std::move(compare);
    if (app.got_subcommand("ladders")) return std::move(ladders);
    if (app.got_subcommand("doctor")) return std::move(doctor);
    if (app.got_subcommand("completion")) return std::move(completion);
    return std::move(run_flags);
  }
};

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
    parsed.output = code == 0 ? out.str() : fmt::format("tacos-load: {}\nSee tacos-load --help\n", error.what());
  }
  return parsed;
}

std::vector<CommandHelp> grammar_of_commands() {
  const Grammar grammar;
  std::vector<CommandHelp> commands;
  const auto add = [&](const CLI::App& app, const std::string& name) {
    CommandHelp help;
    help.name = name;
    help.summary = app.get_description();
    for (const CLI::Option* option : app.get_options()) {
      if (!option->nonpositional()) continue;
      help.options.push_back({"--" + option->get_lnames().front(), option->get_description(), option->get_type_name(),
                              option->get_items_expected_max() > 0});
    }
    commands.push_back(std::move(help));
  };
  add(grammar.app, "");
  for (const CLI::App* sub : grammar.app.get_subcommands({})) add(*sub, sub->get_name());
  return commands;
}

}  // namespace tacos::load
