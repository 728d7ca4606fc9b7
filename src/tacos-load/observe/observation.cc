#include "tacos-load/observe/observation.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace tacos::load {
namespace {

using core::fail;

constexpr std::string_view kForm =
    "write NAME=pid:N, NAME=redis://host:port (rediss, redis+cluster, unix) or NAME=http://host:port/metrics, with "
    ",cores=N behind it where its limit is another";
constexpr std::string_view kPid = "pid:";
constexpr std::string_view kCores = ",cores=";
constexpr double kFewestCores = 0.01, kMostCores = 4096;
constexpr std::size_t kMostObservations = 16;
constexpr std::size_t kLongestName = 32;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

std::optional<double> cores_of(std::string_view text) {
  double cores = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cores);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(cores >= kFewestCores && cores <= kMostCores)) return std::nullopt;
  return cores;
}

core::Result<ProcessId> parse_process(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid < 1) {
    return fail(fmt::format("'{}' is not a process id: it may be 1 to {}, such as pid:4711 (pgrep finds it)", text,
                            std::numeric_limits<pid_t>::max()));
  }
  return ProcessId{pid};
}

core::Result<void> take_source(std::string_view source, Observation& to) {
  if (source.starts_with(kPid)) {
    const auto process = parse_process(source.substr(kPid.size()));
    if (!process) return process.error();
    to.source = *process;
  } else if (source.starts_with("http://") || source.starts_with("https://")) {
    auto url = net::parse_url(source);
    // Its message repeats the text, and a text that can't be read may hold a password anywhere.
    if (!url)
      return fail(
          fmt::format("'{}' is not an address that can be asked: write http://host:port/metrics, "
                      "without user names and passwords",
                      without_secrets(source)));
    to.source = std::move(*url);
  } else {
    auto url = redis::parse_redis_url(source);
    if (!url) return url.error();
    to.source = std::move(*url);
  }
  return {};
}

}  // namespace

std::string Observation::source_text() const {
  if (const auto* process = std::get_if<ProcessId>(&source)) return fmt::format("pid:{}", process->pid);
  if (const auto* url = std::get_if<net::Url>(&source)) {
    return fmt::format("{}://{}{}", url->scheme, url->host_header(), url->target.substr(0, url->target.find('?')));
  }
  return std::get<redis::RedisUrl>(source).to_string();
}

core::Result<Observation> parse_observation(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return fail(fmt::format("'{}' does not do: {}; {}", without_secrets(text), what, kForm));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return wrong("it has no '='");
  Observation observation;
  observation.name = std::string(text.substr(0, equals));
  if (!is_name(observation.name)) {
    return wrong(fmt::format("the name has 1 to {} letters, digits, '-', '_' or '.'", kLongestName));
  }
  if (observation.name == "generator" || observation.name == "machine") {
    return wrong("the generator and the machine are watched anyway, under these names");
  }
  std::string_view source = text.substr(equals + 1);
  if (const std::size_t at = source.rfind(kCores); at != std::string_view::npos) {
    const std::string_view written = source.substr(at + kCores.size());
    const auto cores = cores_of(written);
    if (!cores) return wrong(fmt::format("cores is '{}', it may be {} to {}", written, kFewestCores, kMostCores));
    observation.limit_cores = *cores;
    source = source.substr(0, at);
  }
  if (source.find("://") == std::string_view::npos && !source.starts_with(kPid)) {
    return wrong("what stands behind '=' is neither a process nor an address");
  }
  if (const auto taken = take_source(source, observation); !taken) {
    return fail(fmt::format("{}: {}", observation.name, taken.error().message));
  }
  return observation;
}

core::Result<std::vector<Observation>> parse_observations(const std::vector<std::string>& texts) {
  if (texts.size() > kMostObservations) {
    return fail(fmt::format("--observe: {} parts of the system; at most {} can be watched in one run", texts.size(),
                            kMostObservations));
  }
  std::vector<Observation> all;
  for (const auto& text : texts) {
    auto one = parse_observation(text);
    if (!one) return fail("--observe: " + one.error().message);
    for (const auto& other : all) {
      if (other.name == one->name) {
        return fail(fmt::format("--observe: two parts are called '{}': give each a name of its own", one->name));
      }
    }
    all.push_back(std::move(*one));
  }
  return all;
}

std::string without_secrets(std::string_view text) {
  constexpr std::string_view kHidden = "***";
  std::string shown(text);
  const std::size_t scheme = shown.find("://");
  if (scheme == std::string::npos) return shown;
  const std::size_t from = scheme + 3;
  if (const std::size_t at = shown.rfind('@'); at != std::string::npos && at > from) {
    shown.replace(from, at - from, kHidden);
  }
  const std::string_view before = std::string_view(shown).substr(0, scheme);
  if (!before.ends_with("http") && !before.ends_with("https")) return shown;
  if (const std::size_t query = shown.find('?', from); query != std::string::npos) {
    const std::size_t end = std::min(shown.find(kCores, query), shown.size());
    shown.replace(query + 1, end - query - 1, kHidden);
  }
  return shown;
}

std::vector<std::string> without_secrets(std::vector<std::string> words) {
  bool next = false;
  for (auto& word : words) {
    if (next || word.starts_with("--observe=")) word = without_secrets(std::string_view(word));
    next = word == "--observe";
  }
  return words;
}

}  // namespace tacos::load
