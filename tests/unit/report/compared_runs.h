#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/units.h"
#include "measure/recorder.h"
#include "report/comparison/compared_run.h"
#include "report/comparison/compared_side.h"

namespace tacos::report {

// A run to compare, with as many things to choose as the tests need.
struct RunMaker {
  std::vector<std::string> steps{"join", "status"};
  int requests = 20'000;  // over all steps, in turn
  double times = 1;       // how much slower than the baseline
  int every_fails = 0;    // of this many requests one, 0 for none
  std::string name = "runs/base";

  // Times of 1 to 100 ms, evenly; the service takes all of it but 1 ms.
  ComparedRun make() const {
    measure::RecorderOptions options;
    options.steps = steps;
    measure::Recorder recorder(options);
    ComparedRun run;
    run.name = name;
    auto& r = run.report;
    for (const auto& step : steps) r.steps.emplace_back(step, measure::RunReport::Step{});
    for (int i = 0; i < requests; ++i) {
      measure::Sample s;
      s.step = static_cast<measure::StepId>(static_cast<std::size_t>(i) % steps.size());
      s.intended = std::chrono::microseconds(100) * i;
      s.taken = s.intended;
      s.done = s.intended + core::from_seconds(times * (0.001 + 0.099 * (i % 1000) / 999.0));
      s.sent = s.intended + core::from_seconds(times * 0.0005);
      s.first_byte = s.done;
      s.outcome = every_fails > 0 && i % every_fails == 0 ? measure::Outcome::kHttpError : measure::Outcome::kOk;
      recorder.scheduled(s.intended);
      recorder.record(s);
      ++r.outcomes[static_cast<std::size_t>(s.outcome)];
      ++r.steps[s.step].second.outcomes[static_cast<std::size_t>(s.outcome)];
      ++r.steps[s.step].second.count;
    }
    run.record = recorder.finish();
    describe(r);
    return run;
  }
  ComparedSide side() const { return ComparedSide({make()}); }

 private:
  void describe(measure::RunReport& r) const {
    const double seconds = requests / 10'000.0;
    r.tool_version = "0.2.0";
    r.scenario = "ladder";
    r.target = "http://127.0.0.1:8080";
    r.engine = "asio";
    r.seed = 7;
    r.started_at = "2026-11-21T08:00:00.500Z";
    r.duration_sec = seconds;
    r.host = {2, "Linux 6.1", 20'000};
    r.verdict = "passed";
    const auto count = static_cast<std::uint64_t>(requests);
    r.rate = {10'000, 10'000 / times, count, count, count};
    r.self.cpu_us_per_request = 20;
    for (int i = 0; i < seconds; ++i) {
      measure::RunReport::Interval interval;
      interval.t_sec = i;
      interval.planned = 10'000;
      r.intervals.push_back(interval);
    }
  }
};

}  // namespace tacos::report
