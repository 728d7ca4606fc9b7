#include "tacos-load/doctor/assessment.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::load {
namespace {

using core::format_count;
using core::format_latency;
using core::Nanos;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// As many descriptors as a Linux process may have without raising fs.nr_open; three times what the headline with a
// connection for each user needs.
constexpr std::uint64_t kManyDescriptors = 1'048'576;
constexpr std::uint64_t kWidestPorts = 65535 - 1024 + 1;
constexpr std::uint64_t kGatewayBacklog = 4096;  // net::HttpServerOptions::backlog
constexpr Headline kHeadline;

// good below the first limit, poor above the second.
template <class T>
Standing standing(T value, T good, T bearable) {
  return value <= good ? Standing::kGood : value <= bearable ? Standing::kLimited : Standing::kPoor;
}

std::string count_or_unlimited(std::uint64_t count) {
  return count > 1'000'000'000'000 ? "no limit" : format_count(count);
}

std::string sysctl(std::string_view name, std::string_view value) {
  return fmt::format("sudo sysctl -w {}={}", name, value);
}

constexpr const char* kUntilReboot = "until the next boot";

Finding named(std::string name) {
  Finding finding;
  finding.name = std::move(name);
  return finding;
}

Finding descriptors(const MachineSurvey& m) {
  Finding f = named("descriptors");
  f.value = count_or_unlimited(m.fd_hard);
  if (m.fd_soft < m.fd_hard) f.value += fmt::format(" (soft {}, raised by a run itself)", format_count(m.fd_soft));
  const std::uint64_t for_pool = kHeadline.connections + kDescriptorsOfTheProgram;
  const std::uint64_t for_all = kHeadline.users + kDescriptorsOfTheProgram;
  f.verdict = m.fd_hard < for_pool ? Standing::kPoor : m.fd_hard < for_all ? Standing::kLimited : Standing::kGood;
  f.why = fmt::format(
      "Each connection is one. The headline's pool needs {}; a connection for each of its users "
      "(--connections per-user) needs {}. A target here has the same limit for its own ends.",
      format_count(for_pool), format_count(for_all));
  if (f.verdict == Standing::kGood) return f;
  if (m.fd_per_process_max > 0 && m.fd_per_process_max < kManyDescriptors) {
    f.remedies.push_back({sysctl("fs.nr_open", "1048576"), "first: as high as a process may go"});
  }
  f.remedies.push_back({"sudo prlimit --pid $$ --nofile=1048576:1048576", "this shell and what it starts"});
  f.remedies.push_back({"ulimit -n 1048576", "the same, in a root shell"});
  f.remedies.push_back(
      {"echo '* - nofile 1048576' | sudo tee /etc/security/limits.d/99-tacos.conf", "for good, from the next login"});
  f.remedies.push_back({"docker run --ulimit nofile=1048576:1048576 ...", "in a container, when it is started"});
  return f;
}

Finding system_files(const MachineSurvey& m) {
  Finding f = named("open files, all");
  f.value = m.fd_system_max == 0 ? "not told" : count_or_unlimited(m.fd_system_max);
  f.why = "All programs of the machine share it; with the target here every connection takes two.";
  // Not told is not a finding.
  const std::uint64_t most = m.fd_system_max == 0 ? UINT64_MAX : m.fd_system_max;
  f.verdict = most < 2ULL * kHeadline.connections + 1024 ? Standing::kPoor
              : most < 2ULL * kHeadline.users + 1024     ? Standing::kLimited
                                                         : Standing::kGood;
  if (f.verdict != Standing::kGood) f.remedies.push_back({sysctl("fs.file-max", "2097152"), kUntilReboot});
  return f;
}

std::string loopback_list(std::uint64_t count) {
  std::string list;
  for (std::uint64_t i = 0; i < count; ++i) list += fmt::format("{}127.0.0.{}", i == 0 ? "" : ",", 2 + i);
  return list;
}

Finding ports(const MachineSurvey& m) {
  const std::uint64_t count = port_count(m);
  Finding f = named("ports");
  f.value = fmt::format("{} ({} to {})", format_count(count), m.first_port, m.last_port);
  // connect() looks for a free port one by one and slows down when most are taken (run/preflight.cc).
  const std::uint64_t with_ease = count / 2;
  // The system's default is 28,232 and enough for a pool of thousands; every user on one address never fits.
  f.verdict = with_ease < kHeadline.connections ? Standing::kPoor
              : count < kWidestPorts * 9 / 10   ? Standing::kLimited
                                                : Standing::kGood;
  const auto sources = [](std::uint64_t each) { return (kHeadline.users + each - 1) / each; };
  f.why = fmt::format(
      "Each connection from one address to one target takes one. The headline's pool of {} needs few; "
      "a connection for each of its users needs {} source addresses with this range, {} with the "
      "widest.",
      format_count(kHeadline.connections), sources(count), sources(kWidestPorts));
  if (f.verdict == Standing::kGood) return f;
  f.remedies.push_back({sysctl("net.ipv4.ip_local_port_range", "'1024 65535'"), kUntilReboot});
  f.remedies.push_back({sysctl("net.ipv4.ip_local_reserved_ports", "8080"),
                        "keeps the target's own port out of that range, when it listens here"});
  f.remedies.push_back(
      {"tacos-load --connections per-user --source-address " + loopback_list(sources(kWidestPorts)),
       "after that, with a target here (a run would choose such a list by itself); for one elsewhere, list "
       "addresses of this machine"});
  return f;
}

Finding cores(const MachineSurvey& m, const Capacity& capacity) {
  Finding f = named("cores");
  f.value = fmt::format("{:.3g} of {} online", capacity.cores, m.cpus_online);
  f.why =
      "The headline sends with two workers. With the target on this machine it wants two more, and the system its "
      "own; a core shared is latency that nobody's target caused.";
  f.verdict = capacity.cores >= 4 ? Standing::kGood : capacity.cores >= 2 ? Standing::kLimited : Standing::kPoor;
  if (f.verdict == Standing::kGood) return f;
  if (!m.cpu_quota_file.empty() && m.cpu_quota <= m.cpus_allowed) {
    f.remedies.push_back({"echo max | sudo tee " + m.cpu_quota_file, "lifts the group's quota"});
    f.remedies.push_back({"docker update --cpus 4 CONTAINER", "the same, where docker set it"});
  }
  if (m.cpus_allowed < m.cpus_online) {
    f.remedies.push_back({fmt::format("taskset -pc 0-{} $$", m.cpus_online - 1), "this shell may use every core"});
  }
  if (m.cpus_online < 4) {
    f.remedies.push_back({"tacos-load --rps 30000 --target http://TARGET:8080",
                          "with the target on another machine: both ends have their cores to themselves"});
  }
  return f;
}

Finding memory(const MachineSurvey& m, const Capacity& capacity) {
  Finding f = named("memory");
  f.value = fmt::format("{} MiB free for {} users", format_count(m.memory_bytes >> 20), format_count(capacity.users));
  f.why = "A user is 172 bytes, tokens included. A machine that swaps is late with everything.";
  f.verdict = capacity.users < kHeadline.users  ? Standing::kPoor
              : m.memory_bytes < (512ULL << 20) ? Standing::kLimited
                                                : Standing::kGood;
  if (f.verdict == Standing::kGood) return f;
  if (!m.memory_limit_file.empty()) {
    f.remedies.push_back({"echo max | sudo tee " + m.memory_limit_file, "lifts the group's limit"});
  }
  f.remedies.push_back({"ps -eo rss,pid,comm --sort=-rss | head", "who has the rest"});
  return f;
}

Finding clock_source(const MachineSurvey& m) {
  static const std::vector<std::string> fast = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"};
  static const std::vector<std::string> slow = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"};
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  Finding f = named("clock source");
  f.value = m.clock_source.empty() ? "not told" : m.clock_source;
  f.why =
      "Every request reads the clock several times. tsc is read without entering the kernel, in some 25 ns; hpet "
      "and acpi_pm take a microsecond and more.";
  if (m.clock_source.empty() || among(fast, m.clock_source)) return f;
  f.verdict = among(slow, m.clock_source) ? Standing::kPoor : Standing::kLimited;
  for (const auto& name : fast) {
    if (!among(m.clock_sources, name)) continue;
    f.remedies.push_back(
        {fmt::format("echo {} | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource", name),
         kUntilReboot});
    return f;
  }
  f.remedies.push_back({"sudo dmesg | grep -i -e tsc -e clocksource",
                        "why the kernel does not offer tsc here; tsc=reliable at boot overrides it"});
  return f;
}

Finding clock_read(const ClockCost& clock) {
  Finding f = named("clock reading");
  f.value = fmt::format("{:.0f} ns, steps of {} ns{}", clock.read_ns, clock.smallest_step.count(),
                        clock.steady ? "" : ", and it stepped BACK");
  f.why =
      "Latencies are differences of readings. One that costs more than 100 ns takes CPU from sending, and steps "
      "above 1 us would show in percentiles.";
  f.verdict = standing(clock.read_ns, 100.0, 1000.0);
  if (clock.smallest_step > microseconds(1)) f.verdict = std::max(f.verdict, Standing::kLimited);
  if (!clock.steady) f.verdict = Standing::kPoor;
  if (f.verdict != Standing::kGood) {
    f.remedies.push_back({"cat /sys/devices/system/clocksource/clocksource0/*_clocksource",
                          "the clock in use and those to choose from; tsc is the quick one"});
  }
  return f;
}

// What a thread needs to be woken and to run at once.
void undisturb(Finding& f) {
  if (f.verdict == Standing::kGood) return;
  f.remedies.push_back({"ps -eo pid,pcpu,comm --sort=-pcpu | head", "who uses the cores now"});
  f.remedies.push_back({"sudo renice -n -10 -p $$", "this shell and what it starts go before the rest"});
}

Finding timer(const Spread& late) {
  Finding f = named("timer lateness");
  f.value = fmt::format("p50 {}, p99 {}, max {}", format_latency(late.p50), format_latency(late.p99),
                        format_latency(late.max));
  f.why =
      "A request can't leave before the loop wakes. It counts in send lag, and above 10 ms at p99 a run is invalid.";
  f.verdict = standing<Nanos>(late.p99, microseconds(500), milliseconds(5));
  undisturb(f);
  return f;
}

Finding stolen_time(const StolenTime& stolen) {
  Finding f = named("stolen time");
  f.value =
      fmt::format("{:.2f}% of a busy second, longest gap {}", stolen.share * 100, format_latency(stolen.longest_gap));
  f.why =
      "While a thread is kept off its core nothing is sent and nothing is read: each gap is a spike in the response "
      "times of every request due in it.";
  f.verdict = std::max(standing(stolen.share, 0.02, kMostStolen),
                       standing<Nanos>(stolen.longest_gap, milliseconds(4), milliseconds(20)));
  undisturb(f);
  return f;
}

Finding load_average(const MachineSurvey& m, const Capacity& capacity) {
  Finding f = named("load now");
  const double each = m.load_average / std::max(1.0, capacity.cores);
  f.value = fmt::format("{:.2f}, {:.0f}% of the cores", m.load_average, each * 100);
  f.why = "What else runs here takes its share out of the run, and every figure on this page was measured beside it.";
  f.verdict = standing(each, 0.25, 1.0);
  if (f.verdict != Standing::kGood) {
    f.remedies.push_back({"ps -eo pid,pcpu,comm --sort=-pcpu | head", "who that is; stop it, then ask again"});
  }
  return f;
}

Finding governor(const MachineSurvey& m) {
  Finding f = named("CPU governor");
  f.value = m.governor.empty() ? "none visible (usual in a virtual machine)" : m.governor;
  f.why = "A core that clocks down between requests is slow to answer the next one.";
  if (m.governor.empty() || m.governor == "performance") return f;
  f.verdict = Standing::kLimited;
  f.remedies.push_back({"sudo cpupower frequency-set -g performance", kUntilReboot});
  f.remedies.push_back({"echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
                        "the same without cpupower"});
  return f;
}

Finding steal(double share) {
  Finding f = named("hypervisor steal");
  f.value = fmt::format("{:.2f}%", share * 100);
  f.why =
      "Time in which this machine wanted to run and its host ran another. No setting in here helps: ask for "
      "dedicated cores, or another host.";
  f.verdict = standing(share, 0.005, 0.03);
  if (f.verdict != Standing::kGood) f.remedies.push_back({"vmstat 1 10", "watch it: column st"});
  return f;
}

Finding loopback(const Spread& trip) {
  Finding f = named("loopback trip");
  f.value = fmt::format("p50 {}, p99 {}, max {}", format_latency(trip.p50), format_latency(trip.p99),
                        format_latency(trip.max));
  f.why = "The least that any response time against a target here can be: two threads waking each other.";
  f.verdict = standing<Nanos>(trip.p99, microseconds(300), milliseconds(3));
  undisturb(f);
  return f;
}

Finding request_cost(const MachineTimings& timings, const Capacity& capacity) {
  Finding f = named("request cost");
  f.value = fmt::format("{:.1f} us CPU; {}/s for each core that sends", timings.request.client_cpu_us,
                        format_count(static_cast<std::uint64_t>(rate_per_core(timings) / 100) * 100));
  f.why =
      "What the generator's own transport takes for one HTTP request, flat out. A run adds 40%, and plans a core to "
      "60% of what others leave: beyond that requests wait for each other.";
  f.verdict = capacity.rate_per_second < kHeadline.rate_per_second / 2 ? Standing::kPoor
              : capacity.rate_per_second < kHeadline.rate_per_second   ? Standing::kLimited
                                                                       : Standing::kGood;
  if (f.verdict != Standing::kGood) {
    f.remedies.push_back(
        {fmt::format("tacos-load --rps {:.0f}", std::max(1.0, std::floor(capacity.rate_per_second / 100) * 100)),
         "what this machine can hold now; another one takes the rest"});
  }
  return f;
}

Finding listen_backlog(const MachineSurvey& m) {
  Finding f = named("listen backlog");
  f.value = m.listen_backlog == 0 ? "not told" : format_count(m.listen_backlog);
  f.why = "On the target's machine: connections beyond it, in a burst, are dropped and tried again a second later.";
  if (m.listen_backlog == 0 || m.listen_backlog >= kGatewayBacklog) return f;
  f.verdict = m.listen_backlog < kHeadline.connections ? Standing::kPoor : Standing::kLimited;
  f.remedies.push_back({sysctl("net.core.somaxconn", "65535"), "until the next boot; then restart the target"});
  return f;
}

Finding syn_backlog(const MachineSurvey& m) {
  Finding f = named("SYN backlog");
  f.value = m.syn_backlog == 0 ? "not told" : format_count(m.syn_backlog);
  f.why = "On the target's machine: half-open connections beyond it are dropped, or answered with SYN cookies.";
  if (m.syn_backlog == 0 || m.syn_backlog >= kHeadline.connections) return f;
  f.verdict = Standing::kLimited;
  f.remedies.push_back({sysctl("net.ipv4.tcp_max_syn_backlog", "65535"), kUntilReboot});
  return f;
}

Finding tw_reuse(const MachineSurvey& m) {
  Finding f = named("TIME_WAIT reuse");
  f.value = m.tw_reuse < 0 ? "not told" : m.tw_reuse == 0 ? "off" : m.tw_reuse == 1 ? "on" : "on loopback only";
  f.why =
      "A port is blocked for a minute after its connection was closed here. Only a target that closes connections "
      "makes that many.";
  if (m.tw_reuse != 0) return f;
  f.verdict = Standing::kLimited;
  f.remedies.push_back({sysctl("net.ipv4.tcp_tw_reuse", "1"), kUntilReboot});
  return f;
}

}  // namespace

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::kGood:
      return "good";
    case Standing::kLimited:
      return "limited";
    case Standing::kPoor:
      return "poor";
  }
  return "";
}

Assessment assess(const MachineSurvey& m, const MachineTimings& t) {
  Assessment a;
  a.capacity = capacity_of(m, t, kHeadline);
  a.findings = {descriptors(m),
                ports(m),
                cores(m, a.capacity),
                memory(m, a.capacity),
                request_cost(t, a.capacity),
                clock_source(m),
                clock_read(t.clock),
                timer(t.timer_lateness),
                stolen_time(t.stolen),
                loopback(t.loopback),
                load_average(m, a.capacity),
                governor(m),
                steal(t.steal_share),
                system_files(m),
                listen_backlog(m),
                syn_backlog(m),
                tw_reuse(m)};
  return a;
}

}  // namespace tacos::load
