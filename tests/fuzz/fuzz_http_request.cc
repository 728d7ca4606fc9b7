// Any bytes may arrive on a connection, in pieces of any size: they are requests, a refusal, or not yet complete.
// However the pieces fall, the same bytes are the same requests.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "net/request_reader.h"

namespace {

using tacos::net::HttpRequest;
using tacos::net::RequestLimits;
using tacos::net::RequestReader;

struct Seen {
  std::vector<std::string> requests;
  bool refused = false;
};

// Touches every byte that a handler may see, so that the sanitizers do too.
std::string written(const HttpRequest& request) {
  std::string text(name_of(request.method()));
  text.append(" ").append(request.target()).append("|").append(request.path()).append("|").append(request.query());
  for (const char* name : {"Host", "Authorization", "Idempotency-Key", "traceparent", "X"}) {
    text.append("|").append(request.header(name));
  }
  text.append("|").append(request.query_value("token")).append("|").append(request.body());
  return text;
}

Seen read(std::string_view bytes, const RequestLimits& limits, std::uint64_t seed) {
  RequestReader reader(limits);
  tacos::core::Random random(seed);
  Seen seen;
  while (!bytes.empty() && !seen.refused) {
    const auto room = reader.prepare();
    if (room.empty() || reader.capacity() > 64 * 1024) std::abort();
    const std::size_t piece = seed == 0 ? bytes.size() : 1 + random.below(random.below(8) == 0 ? 2000 : 24);
    const std::size_t size = std::min({room.size(), bytes.size(), piece});
    std::memcpy(room.data(), bytes.data(), size);
    reader.commit(size);
    bytes.remove_prefix(size);
    for (;;) {
      const auto progress = reader.parse();
      if (progress == RequestReader::Progress::kComplete) {
        if (reader.request().body().size() > limits.max_body_bytes) std::abort();
        seen.requests.push_back(written(reader.request()));
        reader.finish();
        if (reader.empty()) reader.shrink();
        continue;
      }
      if (progress == RequestReader::Progress::kRefused) {
        seen.refused = true;
        const int status = status_of(reader.refusal());
        if (status < 400 || status > 505 || reader.reason().empty()) std::abort();
        written(reader.request());
      }
      break;
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  RequestLimits limits;
  limits.max_target_bytes = 512;
  limits.max_head_bytes = 1024;
  limits.max_headers = 16;
  limits.max_body_bytes = 2048;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Seen whole = read(bytes, limits, 0);
  const Seen pieces = read(bytes, limits, size + 1);
  // A refusal may come at another moment, but what was complete before it is the same.
  const std::size_t common = std::min(whole.requests.size(), pieces.requests.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (whole.requests[i] != pieces.requests[i]) std::abort();
  }
  if (whole.requests.size() != pieces.requests.size()) std::abort();
  return 0;
}
