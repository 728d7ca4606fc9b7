// What measuring costs: the recorder runs once for every request of a load, the rest after it.
#include <vector>

#include <benchmark/benchmark.h>

#include "core/random.h"
#include "measure/hdr_codec.h"
#include "measure/histogram.h"
#include "measure/packed_histogram.h"
#include "measure/recorder.h"

namespace tacos::measure {
namespace {

using core::Nanos;

// Latencies as a healthy target makes them: a body around 0.2 ms and a tail to 30 ms.
std::vector<Nanos> latencies() {
  std::vector<Nanos> values;
  core::Random random(11);
  for (int i = 0; i < 4096; ++i) {
    const double u = random.uniform();
    values.emplace_back(static_cast<std::int64_t>(150'000 + 100'000 * u + 30e6 * u * u * u * u * u * u * u * u));
  }
  return values;
}

Histogram filled() {
  Histogram histogram;
  for (int i = 0; i < 25; ++i) {
    for (const Nanos value : latencies()) histogram.record(value + Nanos(i * 1000));
  }
  return histogram;
}

void record_into_histogram(benchmark::State& state) {
  const auto values = latencies();
  Histogram histogram;
  std::size_t i = 0;
  for (auto _ : state) histogram.record(values[i++ & 4095]);
  benchmark::DoNotOptimize(histogram.count());
}
BENCHMARK(record_into_histogram);

void record_a_request(benchmark::State& state) {
  const auto values = latencies();
  Recorder recorder({{"join", "status", "enter"}});
  std::int64_t n = 0;
  for (auto _ : state) {
    Sample s;
    s.step = static_cast<StepId>(n % 3);
    s.status = 200;
    s.intended = Nanos(n * 33'333);  // 30,000 a second
    s.taken = s.intended + Nanos(20'000);
    s.sent = s.taken + Nanos(5'000);
    s.first_byte = s.done = s.sent + values[static_cast<std::size_t>(n) & 4095];
    recorder.scheduled(s.intended);
    recorder.record(s);
    if (++n % 30'000 == 0) recorder.close_intervals(s.intended);
  }
}
BENCHMARK(record_a_request);

void merge_histograms(benchmark::State& state) {
  const Histogram from = filled();
  Histogram into = from;
  for (auto _ : state) into.merge(from);
  benchmark::DoNotOptimize(into.count());
}
BENCHMARK(merge_histograms);

void percentile_of_a_histogram(benchmark::State& state) {
  const Histogram histogram = filled();
  for (auto _ : state) benchmark::DoNotOptimize(histogram.percentile(99.9));
}
BENCHMARK(percentile_of_a_histogram);

void pack_a_second(benchmark::State& state) {
  const Histogram histogram = filled();
  for (auto _ : state) benchmark::DoNotOptimize(PackedHistogram(histogram).count());
}
BENCHMARK(pack_a_second);

void encode_for_a_log(benchmark::State& state) {
  const Histogram histogram = filled();
  for (auto _ : state) benchmark::DoNotOptimize(encode_hdr_compressed(histogram).size());
}
BENCHMARK(encode_for_a_log);

void decode_from_a_log(benchmark::State& state) {
  const auto bytes = encode_hdr_compressed(filled());
  for (auto _ : state) benchmark::DoNotOptimize(decode_hdr(bytes).value().count());
}
BENCHMARK(decode_from_a_log);

}  // namespace
}  // namespace tacos::measure
