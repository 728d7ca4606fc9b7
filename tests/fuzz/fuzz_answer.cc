// Any bytes may come back from a target: a whole journey is played with them as the answers to its requests.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tacos-load/journey/queue_journey.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacos;
  load::QueueJourneyPlan plan;
  plan.event_id = "e";
  plan.honour_poll_after = size % 2 == 0;
  plan.patience = std::chrono::seconds(60);
  load::QueueJourney journey(plan, {.users = 2});
  // Records: a status selector, then the body up to a zero byte.
  constexpr int kStatuses[] = {200, 201, 202, 204, 400, 403, 404, 409, 410, 429, 500, 503, 999, 0};
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (core::Nanos now{0}; !rest.empty(); now += std::chrono::seconds(3)) {
    const auto selector = static_cast<std::uint8_t>(rest.front());
    rest.remove_prefix(1);
    const std::string_view body = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), body.size() + 1));
    const load::UserId user = journey.take(now);
    if (user == load::kNoUser) continue;
    load::Request request;
    const auto step = journey.prepare(user, now, request);
    for (const char c : request.target) {
      if (c <= 0x20 || c == 0x7F) std::abort();  // nothing a server says may break the request line
    }
    load::Response response;
    response.status = kStatuses[selector % 14];
    response.body = body;
    response.retry_after = std::chrono::seconds(selector / 14);
    if (response.status == 0) response.outcome = measure::Outcome::kReset;
    journey.on_answer(user, step, now, now + std::chrono::milliseconds(5), response);
    if (journey.counts().active() > journey.counts().started) std::abort();
  }
  return 0;
}
