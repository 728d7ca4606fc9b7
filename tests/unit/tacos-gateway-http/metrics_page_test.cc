#include "tacos-gateway/http/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsPage, SumsTheThreads) {
  ThreadMetrics one;
  ThreadMetrics two;
  one.record(Route::kStatus, net::HttpMethod::kGet, 200, 60us);
  two.record(Route::kStatus, net::HttpMethod::kGet, 200, 3ms);
  two.record(Route::kStatus, net::HttpMethod::kGet, 299, 10s);
  one.record_backend(Backend::kPayment, 1ms);
  const ThreadMetrics* threads[] = {&one, &two};
  MetricsInput input;
  input.threads = threads;
  const std::string page = metrics_page(input);
  EXPECT_THAT(page, HasSubstr("http_server_requests_total{route=\"/queue/status\",method=\"GET\",status=\"200\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("status=\"other\"} 1\n"));
  const std::string bucket = "http_server_requests_duration_seconds_bucket{route=\"/queue/status\",le=";
  EXPECT_THAT(page, HasSubstr(bucket + "\"5e-05\"} 0\n"));
  EXPECT_THAT(page, HasSubstr(bucket + "\"0.0001\"} 1\n"));
  EXPECT_THAT(page, HasSubstr(bucket + "\"0.005\"} 2\n"));
  EXPECT_THAT(page, HasSubstr(bucket + "\"+Inf\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("http_server_requests_duration_seconds_sum{route=\"/queue/status\"} 10.00306"));
  EXPECT_THAT(page, HasSubstr("backend_call_duration_seconds_count{backend=\"payment\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("route=\"/queue/join\"")));
}

TEST(MetricsPage, ADurationOnABoundCountsBelowIt) {
  DurationHistogram histogram;
  histogram.add(1ms);
  histogram.add(1ms + 1ns);
  EXPECT_EQ(histogram.in_bucket(4), 1u);
  EXPECT_EQ(histogram.in_bucket(5), 1u);
}

TEST(MetricsPage, ShowsEventsUpToABound) {
  std::vector<EventSnapshot> events(300);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].event_id = "event-" + std::to_string(i);
    events[i].waiting = i;
    events[i].admission_rate = core::Rate::per_second(5);
  }
  events[1].paused = true;
  MetricsInput input;
  input.events = events;
  const std::string page = metrics_page(input);
  EXPECT_THAT(page, HasSubstr("queue_length{event=\"event-199\"} 199\n"));
  EXPECT_THAT(page, Not(HasSubstr("event-200")));
  EXPECT_THAT(page, HasSubstr("queue_events 300\n"));
  EXPECT_THAT(page, HasSubstr("admission_rate{event=\"event-0\"} 5\n"));
  EXPECT_THAT(page, HasSubstr("admission_rate{event=\"event-1\"} 0\n"));
}

}  // namespace
}  // namespace tacos::gateway
