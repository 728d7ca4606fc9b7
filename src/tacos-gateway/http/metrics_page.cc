#include "tacos-gateway/http/metrics_page.h"

#include <algorithm>
#include <dirent.h>
#include <limits>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <tuple>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace tacos::gateway {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
 public:
  MetricFamily& begin(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
    return families_.back();
  }
  void single(const char* name, const char* help, MetricType type, double value) {
    add(begin(name, help, type), {}, value);
  }
  static void add(MetricFamily& family, Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family.metric.push_back(std::move(metric));
  }
  void add_family(MetricFamily family) { families_.push_back(std::move(family)); }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

double as_double(std::uint64_t value) {
  return static_cast<double>(value);
}

// The sum of one histogram over the threads; nothing is added to the family when it never happened.
template <class Select>
void add_histogram(MetricFamily& family, Labels labels, std::span<const ThreadMetrics* const> threads, Select select) {
  ClientMetric metric;
  metric.label = std::move(labels);
  std::uint64_t cumulative = 0;
  double sum_sec = 0;
  for (std::size_t bucket = 0; bucket <= DurationHistogram::kBounds.size(); ++bucket) {
    for (const ThreadMetrics* thread : threads) cumulative += select(*thread).in_bucket(bucket);
    const bool last = bucket == DurationHistogram::kBounds.size();
    metric.histogram.bucket.push_back(
        {cumulative, last ? std::numeric_limits<double>::infinity() : DurationHistogram::kBounds[bucket]});
  }
  for (const ThreadMetrics* thread : threads) sum_sec += as_double(select(*thread).sum_ns()) / 1e9;
  if (cumulative == 0) return;
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = sum_sec;
  family.metric.push_back(std::move(metric));
}

void add_requests(Families& families, std::span<const ThreadMetrics* const> threads) {
  MetricFamily& total = families.begin("http_server_requests_total", "Requests answered.", MetricType::Counter);
  for (std::size_t r = 0; r < kRouteCount; ++r) {
    for (std::size_t m = 0; m < ThreadMetrics::kMethodCount; ++m) {
      for (std::size_t s = 0; s <= ThreadMetrics::kStatuses.size(); ++s) {
        std::uint64_t count = 0;
        for (const ThreadMetrics* thread : threads) {
          count += thread->requests(static_cast<Route>(r), static_cast<net::HttpMethod>(m), s);
        }
        if (count == 0) continue;
        const std::string status =
            s < ThreadMetrics::kStatuses.size() ? std::to_string(ThreadMetrics::kStatuses[s]) : std::string("other");
        Families::add(total,
                      {{"route", std::string(pattern_of(static_cast<Route>(r)))},
                       {"method", std::string(net::name_of(static_cast<net::HttpMethod>(m)))},
                       {"status", status}},
                      as_double(count));
      }
    }
  }
  MetricFamily& durations = families.begin("http_server_requests_duration_seconds",
                                           "From the last byte of a request to its answer.", MetricType::Histogram);
  for (std::size_t r = 0; r < kRouteCount; ++r) {
    const auto route = static_cast<Route>(r);
    add_histogram(durations, {{"route", std::string(pattern_of(route))}}, threads,
                  [route](const ThreadMetrics& thread) -> const DurationHistogram& { return thread.durations(route); });
  }
  MetricFamily& backends =
      families.begin("backend_call_duration_seconds", "Time in what stands behind the gateway.", MetricType::Histogram);
  for (std::size_t b = 0; b < kBackendNames.size(); ++b) {
    const auto backend = static_cast<Backend>(b);
    add_histogram(
        backends, {{"backend", std::string(kBackendNames[b])}}, threads,
        [backend](const ThreadMetrics& thread) -> const DurationHistogram& { return thread.backend(backend); });
  }
}

void add_joins(Families& families, const MetricsInput& input) {
  const auto sum = [&](auto count) {
    std::uint64_t total = 0;
    for (const ThreadMetrics* thread : input.threads) total += count(*thread);
    return as_double(total);
  };
  MetricFamily& limited = families.begin("joins_rate_limited_total", "Joins answered 429.", MetricType::Counter);
  for (std::size_t i = 0; i < kJoinLimitNames.size(); ++i) {
    Families::add(limited, {{"by", std::string(kJoinLimitNames[i])}},
                  sum([i](const ThreadMetrics& t) { return t.joins_limited(static_cast<JoinLimit>(i)); }));
  }
  MetricFamily& unproven =
      families.begin("joins_unproven_total", "Joins refused because nothing showed who joined.", MetricType::Counter);
  for (std::size_t i = 0; i < kUnprovenJoinNames.size(); ++i) {
    Families::add(unproven, {{"reason", std::string(kUnprovenJoinNames[i])}},
                  sum([i](const ThreadMetrics& t) { return t.joins_unproven(static_cast<UnprovenJoin>(i)); }));
  }
  for (std::size_t i = 1; i < kAssertionRefusalCount; ++i) {
    const auto refusal = static_cast<AssertionRefusal>(i);
    Families::add(unproven, {{"reason", std::string(name_of(refusal))}},
                  sum([refusal](const ThreadMetrics& t) { return t.assertions_refused(refusal); }));
  }
  MetricFamily& replaced =
      families.begin("rate_limiter_replaced_total",
                     "Clients whose allowance gave way to another's, the table being full.", MetricType::Counter);
  MetricFamily contended{"rate_limiter_contended_total",
                         "Requests let pass uncounted, because threads met at one slot.",
                         MetricType::Counter,
                         {}};
  for (std::size_t i = 0; i < kJoinLimitNames.size(); ++i) {
    Families::add(replaced, {{"by", std::string(kJoinLimitNames[i])}}, as_double(input.join_limiters[i].replaced));
    Families::add(contended, {{"by", std::string(kJoinLimitNames[i])}}, as_double(input.join_limiters[i].contended));
  }
  families.begin(contended.name.c_str(), contended.help.c_str(), contended.type).metric = std::move(contended.metric);
}

template <class Names, class Count>
void add_labelled(MetricFamily& family, const char* label, const Names& names,
                  std::span<const ThreadMetrics* const> threads, Count count) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::uint64_t sum = 0;
    for (const ThreadMetrics* thread : threads) sum += count(*thread, i);
    Families::add(family, {{label, std::string(names[i])}}, as_double(sum));
  }
}

void add_purchases(Families& families, std::span<const ThreadMetrics* const> threads) {
  add_labelled(
      families.begin("payment_intents_total", "Requests for a payment, by what came of them.", MetricType::Counter),
      "outcome", kIntentResultNames, threads,
      [](const ThreadMetrics& thread, std::size_t i) { return thread.intents(i); });
  add_labelled(
      families.begin("idempotency_keys_total", "Idempotency keys shown, by what came of them.", MetricType::Counter),
      "outcome", kClaimNames, threads, [](const ThreadMetrics& thread, std::size_t i) { return thread.claims(i); });
}

// The events that get series of their own, and the sum of the others.
struct ShownEvents {
  std::vector<const EventSnapshot*> shown;
  std::optional<EventSnapshot> others;
};

void add_to_sum(EventSnapshot& sum, const EventSnapshot& event) {
  sum.joined += event.joined;
  sum.waiting += event.waiting;
  sum.ready += event.ready;
  sum.entered += event.entered;
  sum.left += event.left;
  sum.expired += event.expired;
  sum.sold_out += event.sold_out;
  sum.refused_sold_out += event.refused_sold_out;
  sum.admitted += event.admitted;
  sum.inventory.free += event.inventory.free;
  sum.inventory.held += event.inventory.held;
  sum.inventory.sold += event.inventory.sold;
  sum.failovers += event.failovers;
  sum.tickets_lost += event.tickets_lost;
  sum.tickets_restored += event.tickets_restored;
}

ShownEvents choose_events(std::span<const EventSnapshot> events) {
  ShownEvents chosen;
  for (const EventSnapshot& event : events) chosen.shown.push_back(&event);
  std::sort(chosen.shown.begin(), chosen.shown.end(), [](const EventSnapshot* a, const EventSnapshot* b) {
    return std::tie(b->declared, b->waiting, b->joined, a->event_id) <
           std::tie(a->declared, a->waiting, a->joined, b->event_id);
  });
  if (chosen.shown.size() <= kMostEventsShown) return chosen;
  chosen.others.emplace().event_id = kOtherEvents;
  for (std::size_t i = kMostEventsShown; i < chosen.shown.size(); ++i) add_to_sum(*chosen.others, *chosen.shown[i]);
  chosen.shown.resize(kMostEventsShown);
  // An event may bear that very name, and no series may be there twice.
  const auto namesake = std::find_if(chosen.shown.begin(), chosen.shown.end(),
                                     [](const EventSnapshot* event) { return event->event_id == kOtherEvents; });
  if (namesake != chosen.shown.end()) {
    add_to_sum(*chosen.others, **namesake);
    chosen.shown.erase(namesake);
  }
  return chosen;
}

void add_event_numbers(Families& families, const ShownEvents& events) {
  using Value = double (*)(const EventSnapshot&);
  const auto per_event = [&](const char* name, const char* help, MetricType type, Value value) {
    MetricFamily& family = families.begin(name, help, type);
    for (const EventSnapshot* event : events.shown) Families::add(family, {{"event", event->event_id}}, value(*event));
    if (events.others) Families::add(family, {{"event", events.others->event_id}}, value(*events.others));
  };
  per_event("queue_length", "Users who wait.", MetricType::Gauge,
            [](const EventSnapshot& e) { return as_double(e.waiting); });
  per_event("queue_admissions_total", "Turns given.", MetricType::Counter,
            [](const EventSnapshot& e) { return as_double(e.admitted); });
  per_event("queue_joins_total", "Tickets given.", MetricType::Counter,
            [](const EventSnapshot& e) { return as_double(e.joined); });
  per_event("queue_joins_refused_sold_out_total", "Joins refused because the event was sold out.", MetricType::Counter,
            [](const EventSnapshot& e) { return as_double(e.refused_sold_out); });
  per_event("queue_failovers_total", "Times another server took the line over, or one started again.",
            MetricType::Counter, [](const EventSnapshot& e) { return as_double(e.failovers); });
  per_event("queue_tickets_lost_total", "Tickets that failovers are known to have lost.", MetricType::Counter,
            [](const EventSnapshot& e) { return as_double(e.tickets_lost); });
  per_event("queue_tickets_restored_total", "Lost tickets put back by those who hold them.", MetricType::Counter,
            [](const EventSnapshot& e) { return as_double(e.tickets_restored); });
  // Settings of several events make no sum.
  MetricFamily& rates = families.begin("admission_rate", "Users let in per second, as set.", MetricType::Gauge);
  for (const EventSnapshot* event : events.shown) {
    Families::add(rates, {{"event", event->event_id}}, event->paused ? 0.0 : event->admission_rate.per_second());
  }
}

void add_event_states(Families& families, const ShownEvents& events) {
  MetricFamily tickets{"queue_tickets", "Tickets by state.", MetricType::Gauge, {}};
  MetricFamily seats{"seats", "Seats by state.", MetricType::Gauge, {}};
  const auto add = [&](const EventSnapshot& event) {
    const std::pair<const char*, std::uint64_t> states[] = {{"waiting", event.waiting}, {"ready", event.ready},
                                                            {"entered", event.entered}, {"left", event.left},
                                                            {"expired", event.expired}, {"sold_out", event.sold_out}};
    for (const auto& [state, count] : states) {
      Families::add(tickets, {{"event", event.event_id}, {"state", state}}, as_double(count));
    }
    const std::pair<const char*, std::uint64_t> kinds[] = {
        {"free", event.inventory.free}, {"held", event.inventory.held}, {"sold", event.inventory.sold}};
    for (const auto& [kind, count] : kinds) {
      Families::add(seats, {{"event", event.event_id}, {"state", kind}}, as_double(count));
    }
  };
  for (const EventSnapshot* event : events.shown) add(*event);
  if (events.others) add(*events.others);
  families.add_family(std::move(tickets));
  families.add_family(std::move(seats));
}

void add_events(Families& families, std::span<const EventSnapshot> events) {
  const ShownEvents chosen = choose_events(events);
  add_event_numbers(families, chosen);
  add_event_states(families, chosen);
  families.single("queue_events", "Events kept; those beyond the first 200 are summed as other.", MetricType::Gauge,
                  static_cast<double>(events.size()));
}

void add_store(Families& families, const MetricsInput& input) {
  MetricFamily& info =
      families.begin("store_info", "Where the line is kept, and how positions are found.", MetricType::Gauge);
  Families::add(info, {{"store", input.store_kind}, {"position", input.position_strategy}}, 1);
  for (const StoreMetric& metric : input.store) {
    families.single(metric.name, metric.help, metric.counter ? MetricType::Counter : MetricType::Gauge, metric.value);
  }
}

void add_server(Families& families, const net::HttpServerCounts& server) {
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    families.single(name, help, MetricType::Counter, as_double(value));
  };
  families.single("http_server_connections", "Connections open.", MetricType::Gauge,
                  as_double(server.connections_open));
  counter("http_server_connections_accepted_total", "Connections accepted.", server.connections_accepted);
  counter("http_server_connections_idle_closed_total", "Connections closed because nothing was asked.",
          server.connections_idle_closed);
  counter("http_server_connections_reclaimed_total",
          "Idle connections closed early because nearly all connections were in use.", server.connections_reclaimed);
  counter("http_server_connections_dropped_total", "Connections closed at once, far beyond the limit.",
          server.connections_dropped);
  counter("http_server_connections_dropped_by_address_total",
          "Connections closed at once, far beyond the limit of their address.", server.connections_dropped_by_address);
  families.single("http_server_addresses", "Client addresses that have a connection and a limit.", MetricType::Gauge,
                  as_double(server.addresses));
  families.single("http_server_buffered_bytes", "Bytes that large requests and unread answers hold.", MetricType::Gauge,
                  as_double(server.buffered_bytes));
  counter("http_server_answers_over_budget_total", "Clients dropped because their unread answers had no room.",
          server.answers_over_budget);
  counter("http_server_connections_broken_total", "Connections that clients ended half-way.",
          server.connections_broken);
  counter("http_server_tls_handshakes_failed_total", "TLS handshakes that came to nothing.", server.handshakes_failed);
  counter("http_server_accept_pauses_total", "Times the system had no descriptor for another connection.",
          server.accept_pauses);
  counter("http_server_write_timeouts_total", "Clients dropped because they did not read.", server.write_timeouts);
  counter("http_server_received_bytes_total", "Bytes read.", server.bytes_received);
  counter("http_server_sent_bytes_total", "Bytes written.", server.bytes_sent);
  MetricFamily& limits =
      families.begin("http_server_refusals_total", "Requests refused before any route saw them.", MetricType::Counter);
  for (std::size_t i = 0; i < net::kRefusalCount; ++i) {
    Families::add(limits, {{"reason", std::string(net::kRefusalNames[i])}}, as_double(server.refusals[i]));
  }
}

void add_operators(Families& families, const MetricsInput& input) {
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    families.single(name, help, MetricType::Counter, as_double(value));
  };
  counter("admin_auth_failures_total", "Requests to /admin without the right token.", input.admin_auth_failures);
  counter("admin_auth_throttled_total", "Of these, refused unread because their address had been wrong too often.",
          input.admin_auth_throttled);
  counter("log_lines_dropped_total", "Log lines that could not be written in time.", input.log_lines_dropped);
  MetricFamily& left_out = families.begin(
      "log_lines_left_out_total", "Log lines beyond what one cause may write in a second.", MetricType::Counter);
  for (std::size_t cause = 0; cause < kLogCauseNames.size(); ++cause) {
    Families::add(left_out, {{"cause", std::string(kLogCauseNames[cause])}},
                  as_double(input.log_lines_left_out[cause]));
  }
  if (!input.admin_server) return;
  families.single("admin_server_connections", "Connections open at the operators' port.", MetricType::Gauge,
                  as_double(input.admin_server->connections_open));
  counter("admin_server_connections_dropped_total",
          "Connections to the operators' port closed, as there were too many.",
          input.admin_server->connections_dropped);
}

void add_process(Families& families, const MemoryTrimmer::Counts& trims) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  families.single("process_cpu_seconds_total", "User and system time used.", MetricType::Counter,
                  seconds(usage.ru_utime) + seconds(usage.ru_stime));
  if (const std::uint64_t resident = resident_bytes(); resident > 0) {
    families.single("process_resident_memory_bytes", "Memory resident.", MetricType::Gauge, as_double(resident));
  }
  families.single("memory_trims_total", "Times freed memory was given back to the system, being idle.",
                  MetricType::Counter, as_double(trims.trims));
  families.single("memory_trim_seconds_total", "Time that took.", MetricType::Counter, as_double(trims.nanos) / 1e9);
  families.single("memory_trimmed_bytes_total", "Memory that was given back.", MetricType::Counter,
                  as_double(trims.bytes));
  const std::unique_ptr<DIR, int (*)(DIR*)> descriptors(::opendir("/proc/self/fd"), &::closedir);
  if (descriptors) {
    double count = -3;  // ".", ".." and the directory itself
    while (::readdir(descriptors.get()) != nullptr) ++count;
    families.single("process_open_fds", "Descriptors open.", MetricType::Gauge, count);
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.single("process_max_fds", "Descriptors that may be open.", MetricType::Gauge, as_double(limit.rlim_cur));
  }
}

}  // namespace

std::string metrics_page(const MetricsInput& input) {
  Families families;
  add_requests(families, input.threads);
  add_purchases(families, input.threads);
  add_joins(families, input);
  add_events(families, input.events);
  add_store(families, input);
  add_server(families, input.server);
  add_operators(families, input);
  add_process(families, input.trims);
  return families.text();
}

}  // namespace tacos::gateway
