#include "measure/hdr_log.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "core/units.h"
#include "measure/hdr_codec.h"

namespace tacos::measure {
namespace {

using core::Nanos;

std::string decimal(Histogram::Sum sum) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(sum % 10)));
    sum /= 10;
  } while (sum > 0);
  return digits;
}

class LogText {
 public:
  explicit LogText(const HdrLogStart& start) {
    fmt::format_to(std::back_inserter(text_),
                   "#[tacos latency log, nanoseconds]\n"
                   "#[Histogram log format version 1.3]\n"
                   "#[StartTime: {:.3f} (seconds since epoch), {}]\n"
                   "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
                   start.unix_sec, start.text);
  }

  void row(std::string_view tag, Nanos from, Nanos length, const PackedHistogram& packed) {
    if (packed.empty()) return;
    Histogram histogram;
    packed.unpack_into(histogram);
    fmt::format_to(std::back_inserter(text_), "#[Exact: {}, {}, {}, {}]\n", histogram.min().count(),
                   histogram.max().count(), decimal(histogram.sum()), histogram.saturated());
    fmt::format_to(std::back_inserter(text_), "Tag={},{:.3f},{:.3f},{:.3f},{}\n", tag, core::to_seconds(from),
                   core::to_seconds(length), core::to_millis(histogram.max()),
                   to_base64(encode_hdr_compressed(histogram)));
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// The mean distance of values from their mean, each value taken for the middle of its bucket as HdrHistogram does.
double standard_deviation_ns(const Histogram& histogram) {
  if (histogram.count() == 0) return 0;
  const double mean = histogram.mean_ns();
  double squares = 0;
  histogram.for_each([&](Nanos low, Nanos high, std::uint64_t n) {
    const double middle = (static_cast<double>(low.count()) + static_cast<double>(high.count())) / 2;
    squares += (middle - mean) * (middle - mean) * static_cast<double>(n);
  });
  return std::sqrt(squares / static_cast<double>(histogram.count()));
}

// The next percentile to state after `level`: 1 / (5 · 2^k) of the way, where 2^k is how often the distance to 100 %
// has been halved before (HdrHistogram, PercentileIterator).
double next_level(double level) {
  constexpr double kTicksPerHalving = 5;
  const double halvings = std::floor(std::log2(100.0 / (100.0 - level)) + 1e-12) + 1;
  return level + 100.0 / (kTicksPerHalving * std::exp2(halvings));
}

}  // namespace

std::string hdr_log(const RunRecord& record, const HdrLogStart& start) {
  LogText log(start);
  const Nanos length = record.interval();
  for (std::size_t i = 0; i < record.intervals().size(); ++i) {
    const RunRecord::Interval& interval = record.intervals()[i];
    const Nanos from = length * static_cast<std::int64_t>(i);
    for (std::size_t s = 0; s < interval.steps.size(); ++s) {
      const std::string& step = record.steps()[s];
      log.row(step, from, length, interval.steps[s].response);
      log.row(step + ".service", from, length, interval.steps[s].service);
    }
    log.row("send_lag", from, length, interval.send_lag);
    log.row("dispatch_lag", from, length, interval.dispatch_lag);
    log.row("connection_wait", from, length, interval.connection_wait);
    log.row("time_to_admission", from, length, interval.time_to_admission);
    log.row("time_to_sold_out", from, length, interval.time_to_sold_out);
    log.row("position", from, length, interval.position);
  }
  return log.take();
}

std::string percentile_distribution(const Histogram& histogram) {
  std::string text =
      fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
  auto out = std::back_inserter(text);
  const auto total = static_cast<double>(histogram.count());
  double level = 0;
  std::uint64_t seen = 0;
  Nanos last{0};
  histogram.for_each([&](Nanos, Nanos high, std::uint64_t n) {
    seen += n;
    last = std::min(high, histogram.max());
    while (level < 100 && 100.0 * static_cast<double>(seen) / total >= level) {
      fmt::format_to(out, "{:12.3f} {:2.12f} {:10} {:14.2f}\n", core::to_millis(last), level / 100, seen,
                     1 / (1 - level / 100));
      if (seen == histogram.count()) break;
      level = next_level(level);
    }
  });
  if (seen > 0) fmt::format_to(out, "{:12.3f} {:2.12f} {:10}\n", core::to_millis(last), 1.0, seen);
  fmt::format_to(out,
                 "#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n#[Max     = {:12.3f}, Total count    = {:12}]\n"
                 "#[Buckets = {:12}, SubBuckets     = {:12}]\n",
                 histogram.mean_ns() / 1e6, standard_deviation_ns(histogram) / 1e6, core::to_millis(last),
                 histogram.count(), Histogram::kPages - 1, 2 * Histogram::kHalf);
  return text;
}

}  // namespace tacos::measure
