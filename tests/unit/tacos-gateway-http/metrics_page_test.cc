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

std::vector<EventSnapshot> many_events(std::size_t count) {
  std::vector<EventSnapshot> events(count);
  for (std::size_t i = 0; i < count; ++i) {
    events[i].event_id = "event-" + std::to_string(1000 + i);
    events[i].waiting = i;
    events[i].joined = 2 * i;
    events[i].inventory.free = 1;
    events[i].admission_rate = core::Rate::per_second(5);
  }
  return events;
}

std::string page_of(const std::vector<EventSnapshot>& events) {
  MetricsInput input;
  input.events = events;
  return metrics_page(input);
}

std::size_t count_of(const std::string& page, const std::string& text) {
  std::size_t found = 0;
  for (std::size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) ++found;
  return found;
}

TEST(MetricsPage, ShowsDeclaredEventsFirstThenTheLongestLinesAndSumsTheRest) {
  std::vector<EventSnapshot> events = many_events(999);
  events.push_back({});
  events.back().event_id = "the-real-sale";
  events.back().declared = true;
  events.back().admission_rate = core::Rate::per_second(7);
  const std::string page = page_of(events);
  EXPECT_THAT(page, HasSubstr("queue_length{event=\"the-real-sale\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("queue_length{event=\"event-1998\"} 998\n"));
  EXPECT_THAT(page, HasSubstr("queue_length{event=\"event-1800\"} 800\n"));
  EXPECT_THAT(page, Not(HasSubstr("event-1799")));
  // 0 + 1 + … + 799
  EXPECT_THAT(page, HasSubstr("queue_length{event=\"other\"} 319600\n"));
  EXPECT_THAT(page, HasSubstr("queue_joins_total{event=\"other\"} 639200\n"));
  EXPECT_THAT(page, HasSubstr("queue_tickets{event=\"other\",state=\"waiting\"} 319600\n"));
  EXPECT_THAT(page, HasSubstr("seats{event=\"other\",state=\"free\"} 800\n"));
  EXPECT_THAT(page, Not(HasSubstr("admission_rate{event=\"other\"}")));
  EXPECT_THAT(page, HasSubstr("queue_events 1000\n"));
  EXPECT_EQ(count_of(page, "\nqueue_length{"), 201u);
  EXPECT_EQ(count_of(page, "\nadmission_rate{"), 200u);
}

TEST(MetricsPage, HasNoOtherWhileAllAreShown) {
  const std::string page = page_of(many_events(200));
  EXPECT_EQ(count_of(page, "\nqueue_length{"), 200u);
  EXPECT_THAT(page, Not(HasSubstr("event=\"other\"")));
  EXPECT_THAT(page_of(many_events(201)), HasSubstr("queue_length{event=\"other\"} 0\n"));
}

TEST(MetricsPage, AnEventThatIsCalledOtherMakesNoSeriesTwice) {
  std::vector<EventSnapshot> events = many_events(300);
  events[299].event_id = "other";
  const std::string page = page_of(events);
  EXPECT_EQ(count_of(page, "\nqueue_length{event=\"other\"}"), 1u);
  // 0 + 1 + … + 99, and its own 299
  EXPECT_THAT(page, HasSubstr("queue_length{event=\"other\"} 5249\n"));
}

TEST(MetricsPage, TellsOfTheLogAndOfWrongTokens) {
  MetricsInput input;
  input.log_lines_dropped = 3;
  input.log_lines_left_out[static_cast<std::size_t>(LogCause::kStranger)] = 4;
  input.admin_auth_failures = 5;
  input.admin_auth_throttled = 2;
  const std::string page = metrics_page(input);
  EXPECT_THAT(page, HasSubstr("log_lines_dropped_total 3\n"));
  EXPECT_THAT(page, HasSubstr("log_lines_left_out_total{cause=\"stranger\"} 4\n"));
  EXPECT_THAT(page, HasSubstr("admin_auth_failures_total 5\n"));
  EXPECT_THAT(page, HasSubstr("admin_auth_throttled_total 2\n"));
}

TEST(MetricsPage, ShowsEventsUpToABound) {
  std::vector<EventSnapshot> events(300);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].event_id = "event-" + std::to_string(i);
    events[i].waiting = i;
    events[i].admission_rate = core::Rate::per_second(5);
  }
  events[298].paused = true;
  MetricsInput input;
  input.events = events;
  const std::string page = metrics_page(input);
  EXPECT_THAT(page, HasSubstr("queue_length{event=\"event-299\"} 299\n"));
  EXPECT_THAT(page, Not(HasSubstr("event-99\"")));
  EXPECT_THAT(page, HasSubstr("queue_events 300\n"));
  EXPECT_THAT(page, HasSubstr("admission_rate{event=\"event-299\"} 5\n"));
  EXPECT_THAT(page, HasSubstr("admission_rate{event=\"event-298\"} 0\n"));
}

}  // namespace
}  // namespace tacos::gateway
