#include "tacos-gateway/http/metrics_page.h"

#include <dirent.h>
#include <limits>
#include <memory>
#include <sys/resource.h>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace tacos::gateway {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// Event ids are the users' choice: without a bound a stranger could grow every scrape. The rest is summed in "other".
constexpr std::size_t kMaxEventsShown = 200;

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

void add_events(Families& families, std::span<const EventSnapshot> events) {
  const auto shown = events.first(std::min(events.size(), kMaxEventsShown));
  using Value = double (*)(const EventSnapshot&);
  const auto per_event = [&](const char* name, const char* help, MetricType type, Value value) {
    MetricFamily& family = families.begin(name, help, type);
    for (const EventSnapshot& event : shown) Families::add(family, {{"event", event.event_id}}, value(event));
  };
  per_event("queue_length", "Users who wait.", MetricType::Gauge,
            [](const EventSnapshot& e) { return as_double(e.waiting); });
  per_event("admission_rate", "Users let in per second, as set.", MetricType::Gauge,
            [](const EventSnapshot& e) { return e.paused ? 0.0 : e.admission_rate.per_second(); });
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

  MetricFamily& tickets = families.begin("queue_tickets", "Tickets by state.", MetricType::Gauge);
  MetricFamily seats{"seats", "Seats by state.", MetricType::Gauge, {}};
  for (const EventSnapshot& event : shown) {
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
  }
  families.begin(seats.name.c_str(), seats.help.c_str(), seats.type).metric = std::move(seats.metric);
  families.single("queue_events", "Events kept, those beyond the first 200 not shown one by one.", MetricType::Gauge,
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
  add_events(families, input.events);
  add_store(families, input);
  add_server(families, input.server);
  add_process(families, input.trims);
  return families.text();
}

}  // namespace tacos::gateway
