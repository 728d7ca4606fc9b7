// Histograms come back from logs that anyone may have written: as base64 rows, and as the bytes inside them. What
// decodes must encode to the same counters again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "measure/hdr_codec.h"
#include "measure/hdr_log.h"

namespace {

void check(std::span<const std::uint8_t> bytes) {
  using namespace tacos::measure;
  const auto histogram = decode_hdr(bytes);
  if (!histogram) {
    if (histogram.error().message.empty()) std::abort();
    return;
  }
  const auto again = decode_hdr(encode_hdr(*histogram));
  if (!again || again->count() != histogram->count() || again->max() != histogram->max()) std::abort();
  if (histogram->percentile(99) > histogram->max()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacos::measure;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = from_base64(text)) {
    if (to_base64(*bytes).size() != size) std::abort();
    check(*bytes);
  }
  check({data, size});
  // A whole log: what is read has a place in a record or is refused.
  if (const auto rows = read_hdr_log(text)) {
    for (const auto& row : *rows) {
      if (row.histogram.percentile(99) > row.histogram.max()) std::abort();
    }
    RunRecord record({"join"}, std::chrono::seconds(1));
    record.intervals().resize(2);
    for (auto& interval : record.intervals()) interval.steps.resize(1);
    (void)add_hdr_log(text, record);
  }
  return 0;
}
