#include "tacos-gateway/redis_store/open_script.h"

#include <chrono>
#include <optional>

#include "tacos-gateway/random/secure_random.h"
#include "tacos-gateway/redis_store/line_reply.h"
#include "tacos-gateway/redis_store/script_call.h"

namespace tacos::gateway {
namespace {

std::uint32_t random_epoch() {
  return static_cast<std::uint32_t>(SecureRandom::of_this_thread().next()) | 1;  // 0 is no epoch
}

}  // namespace

void write_open(redis::RedisRequest& request, const RedisStoreParts& parts, std::string_view event_id,
                const redis::RedisReply& registered) {
  using std::chrono::milliseconds;
  const LineOptions& line = parts.options.line;
  const auto or_default = [&](std::size_t at, std::uint64_t otherwise) {
    return registered.at(at).text().empty() ? otherwise : number_at(registered, at);
  };
  const std::optional<EventTerms> declared = read_terms(registered.at(5).text());
  const std::uint64_t rate =
      declared ? micro_rate(declared->admission_rate) : or_default(1, micro_rate(line.admission_rate));
  const std::uint64_t burst =
      declared ? whole_burst(declared->admission_burst) : or_default(2, whole_burst(line.admission_burst));
  ScriptCall(request, *parts.scripts, LineScript::kOpen, parts.script_time())
      .line(event_key(event_id), 17)
      .arg(random_epoch())
      .arg(event_id)
      .arg(declared ? declared->seats : line.seats)
      .arg(rate)
      .arg(burst)
      .arg(line.turn_ttl / milliseconds(1))
      .arg(line.grant_ttl / milliseconds(1))
      .arg(line.heartbeat_ttl / milliseconds(1))
      .arg(parts.opening_us(declared))
      .arg(line.max_tickets)
      .arg(name_of(parts.options.position))
      .arg(or_default(3, 0))
      .arg(or_default(4, 0))
      .arg(parts.options.buckets)
      .arg(declared ? declared->price : line.price)
      .arg(declared ? declared->currency : line.currency)
      .arg(declared ? 1 : 0);
}

}  // namespace tacos::gateway
