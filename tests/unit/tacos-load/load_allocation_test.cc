// The hot path from slot to sample, whole: schedule, journey, transport, recorder, against a server in this process
// that allocates nothing either. What is allocated per second is bookkeeping (a second is packed, a chunk of tokens is
// added), and does not grow with the rate.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "measure/recorder.h"
#include "net/http_server.h"
#include "support/allocation_counter.h"
#include "tacos-load/journey/queue_journey.h"
#include "tacos-load/run/worker.h"
#include "tacos-load/transport/asio_transport.h"

namespace tacos::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WaitingRoom final : public net::HttpHandler {
 public:
  void handle(net::HttpExchange& exchange) override {
    net::HttpResponse response;
    response.status = 200;
    response.body = R"({"waiting_token":"AQF-E0I_ebt7Q1sFMgAAAAAAAAABeco41lPQyMTh0V","position":7,"status":"waiting"})";
    exchange.respond(response);
  }
  void refuse(net::HttpExchange& exchange, net::Refusal, std::string_view) override {
    net::HttpResponse response;
    response.status = 400;
    exchange.respond(response);
  }
};

class LoadAllocation : public testing::TestWithParam<bool> {};

// The parameter: whether a history is kept.
TEST_P(LoadAllocation, SendingAndRecordingAllocateNothingPerRequest) {
  constexpr double kRate = 2000;
  const core::SteadyClock clock;
  const auto server = net::HttpServer::start(
      {}, clock, [](boost::asio::io_context&, unsigned) { return std::make_unique<WaitingRoom>(); });
  ASSERT_TRUE(server.has_value());
  TransportOptions transport_options;
  transport_options.host = "127.0.0.1";
  transport_options.port = (*server)->address().port;
  transport_options.host_header = "127.0.0.1";
  transport_options.connections = 50;
  auto transport = std::move(*make_asio_transport(transport_options, clock));
  ASSERT_TRUE(transport->connect_all().has_value());

  QueueJourneyPlan plan;
  plan.event_id = "e";
  plan.poll_interval = milliseconds(500);  // 1,000 users, all in after half a second
  QueueJourney journey(plan, UserShare{.users = 1000});
  measure::RecorderOptions recording;
  recording.steps.assign(journey.steps().begin(), journey.steps().end());
  measure::Recorder recorder(recording);
  const ArrivalSchedule schedule(RateProfile({{.name = "s",
                                               .from = core::Rate::per_second(kRate),
                                               .to = core::Rate::per_second(kRate),
                                               .duration = seconds(4)}}),
                                 Spacing::kEven, 1);
  WorkerOptions options;
  options.start = clock.now();
  options.connections = 50;
  auto history = std::move(*HistoryLog::create("/dev/null", ""));
  if (GetParam()) options.history = history.get();
  std::atomic<bool> stop{false};
  LiveCounts live;
  Worker worker(options, clock, schedule.cursor(0, 1), schedule.profile().duration(), journey, *transport, recorder,
                stop, live);

  // Looked at from outside, between two moments of the warm run.
  std::size_t allocated = 0;
  std::uint64_t sent = 0;
  std::thread watcher([&] {
    const auto sent_reaches = [&](std::uint64_t count) {
      while (live.sent.load() < count) std::this_thread::yield();
    };
    sent_reaches(5000);
    const std::size_t before = support::allocations();
    const std::uint64_t sent_before = live.sent.load();
    sent_reaches(7500);
    allocated = support::allocations() - before;
    sent = live.sent.load() - sent_before;
  });
  transport->run(worker);
  watcher.join();
  EXPECT_EQ(recorder.finish().all().outcomes[0], 8000u);
  EXPECT_GE(sent, 2000u) << "nearly the 2,500: the watcher may see the first of them late";
  EXPECT_LT(allocated, 250u) << "for " << sent << " requests";
}

INSTANTIATE_TEST_SUITE_P(History, LoadAllocation, testing::Bool(),
                         [](const auto& kept) { return std::string(kept.param ? "kept" : "off"); });

}  // namespace
}  // namespace tacos::load
