// The pieces that every request passes through, one by one. `make bench` runs them; CI runs each once for smoke.
#include <benchmark/benchmark.h>

#include "core/random.h"
#include "measure/recorder.h"
#include "tacos-gateway/store/embedded_store.h"
#include "tacos-gateway/token/ticket_signer.h"
#include "tacos-load/journey/answer_reader.h"
#include "tacos-load/journey/queue_journey.h"
#include "tacos-load/schedule/arrival_schedule.h"

namespace tacos {
namespace {

using core::Nanos;
using std::chrono::seconds;

constexpr std::uint64_t kCrowd = 300'000;
constexpr const char* kStatusAnswer =
    R"({"status":"waiting","position":123456,"eta_sec":123.4,"waiting_time_sec":17,"ready_for_entry":false,"poll_after_ms":20000})";

void HistogramRecord(benchmark::State& state) {
  measure::Histogram histogram;
  core::Random random(1);
  for (auto _ : state) histogram.record(Nanos(static_cast<std::int64_t>(50'000 + random.below(5'000'000))));
}
BENCHMARK(HistogramRecord);

void RecorderSample(benchmark::State& state) {
  measure::RecorderOptions options;
  options.steps = {"join", "status"};
  measure::Recorder recorder(options);
  measure::Sample sample;
  sample.step = 1;
  sample.status = 200;
  std::int64_t n = 0;
  for (auto _ : state) {
    sample.intended = Nanos(n % 1'000'000'000);
    sample.taken = sample.intended + Nanos(20'000);
    sample.sent = sample.intended + Nanos(30'000);
    sample.done = sample.intended + Nanos(150'000 + n % 1000);
    recorder.scheduled(sample.intended);
    recorder.record(sample);
    n += 33'333;
  }
}
BENCHMARK(RecorderSample);

void ScheduleNext(benchmark::State& state) {
  const load::RateProfile profile({{.name = "ramp",
                                    .from = core::Rate::per_second(1000),
                                    .to = core::Rate::per_second(30'000),
                                    .duration = std::chrono::hours(20)}});
  const load::ArrivalSchedule schedule(profile, static_cast<load::Spacing>(state.range(0)), 1);
  auto cursor = schedule.cursor(0, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(cursor.peek());
    cursor.pop();
  }
  state.SetLabel(state.range(0) == 0 ? "even" : "poisson");
}
BENCHMARK(ScheduleNext)->Arg(0)->Arg(1);

void ReadAnswer(benchmark::State& state) {
  load::AnswerReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(kStatusAnswer));
}
BENCHMARK(ReadAnswer);

// One poll of one of 300,000 users: who is due, the request's words, the answer, when next.
void JourneyPoll(benchmark::State& state) {
  load::QueueJourneyPlan plan;
  plan.event_id = "e";
  load::QueueJourney journey(plan, load::UserShare{.users = kCrowd});
  Nanos now{0};
  load::Request request;
  load::Response response;
  response.status = 200;
  const auto turn = [&](std::string_view body) {
    const load::UserId user = journey.take(now);
    const auto step = journey.prepare(user, now, request);
    response.body = body;
    journey.on_answer(user, step, now, now + Nanos(100'000), response);
    now += Nanos(33'333);
  };
  for (std::uint64_t i = 0; i < kCrowd; ++i) {
    turn(R"({"waiting_token":"AQF-E0I_ebt7Q1sFMgAAAAAAAAABeco41lPQyMTh0V_H0YA1DQ","status":"waiting","position":9})");
  }
  for (auto _ : state) turn(kStatusAnswer);
}
BENCHMARK(JourneyPoll);

class Line {
 public:
  Line() : store_(options(), clock_), session_(store_.open_session({})) {}

  static gateway::EmbeddedStoreOptions options() {
    gateway::EmbeddedStoreOptions options;
    options.line.admission_rate = core::Rate::per_second(0);
    options.line.admission_burst = 1;
    return options;
  }
  gateway::TicketRef join(std::uint64_t user) {
    gateway::StoreCommand command;
    command.kind = gateway::StoreCommand::Kind::kJoin;
    command.event_id = "bench";
    command.user = {user * 0x9E3779B97F4A7C15ULL, user * 0xBF58476D1CE4E5B9ULL};
    run(command);
    return command.ref;
  }
  void run(gateway::StoreCommand& command) {
    command.done = [](gateway::StoreCommand&) {};
    gateway::StoreCommand* batch[] = {&command};
    session_->submit(batch);
  }
  gateway::EmbeddedStore& store() { return store_; }

 private:
  core::SteadyClock clock_;
  gateway::EmbeddedStore store_;
  std::unique_ptr<gateway::StoreSession> session_;
};

void StoreJoin(benchmark::State& state) {
  Line line;
  std::uint64_t user = 0;
  for (auto _ : state) benchmark::DoNotOptimize(line.join(++user));
}
BENCHMARK(StoreJoin);

void StoreStatus(benchmark::State& state) {
  Line line;
  gateway::StoreCommand command;
  for (std::uint64_t user = 1; user <= kCrowd; ++user) command.ref = line.join(user);
  core::Random random(3);
  for (auto _ : state) {
    command.kind = gateway::StoreCommand::Kind::kStatus;
    command.ref.number = 1 + random.below(kCrowd);
    line.run(command);
  }
}
BENCHMARK(StoreStatus);

// How long the lock is held by time-driven work with 300,000 in line: what a status may have to wait.
void StoreTick(benchmark::State& state) {
  Line line;
  for (std::uint64_t user = 1; user <= kCrowd; ++user) line.join(user);
  for (auto _ : state) line.store().tick();
}
BENCHMARK(StoreTick);

void TokenSign(benchmark::State& state) {
  const auto signer = std::move(*gateway::TicketSigner::make({gateway::SecretKey{}}));
  gateway::TicketSigner::WaitingText text;
  for (auto _ : state) signer->sign_waiting({1, 2, 3}, text);
}
BENCHMARK(TokenSign);

void TokenVerify(benchmark::State& state) {
  const auto signer = std::move(*gateway::TicketSigner::make({gateway::SecretKey{}}));
  gateway::TicketSigner::WaitingText text;
  signer->sign_waiting({1, 2, 3}, text);
  for (auto _ : state) benchmark::DoNotOptimize(signer->verify_waiting({text.data(), text.size()}));
}
BENCHMARK(TokenVerify);

}  // namespace
}  // namespace tacos

BENCHMARK_MAIN();
