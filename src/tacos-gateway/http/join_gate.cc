#include "tacos-gateway/http/join_gate.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "tacos-gateway/http/api_thread.h"
#include "tacos-gateway/random/secure_random.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxUserBytes = 128;
// Whoever guesses the key of a join without a name gets its ticket: shorter ones make nobody the same user.
constexpr std::size_t kShortestAnonymousKey = 16;
constexpr std::int64_t kSecondNs = 1'000'000'000;
// Nobody is told to come back sooner: at 50 joins a second a crowd behind one address would ask every 20 ms.
constexpr std::int64_t kSoonestPollMs = 1000;

std::int64_t rounded_up(std::int64_t value, std::int64_t unit) {
  return value / unit + (value % unit > 0 ? 1 : 0);
}

void number_header(AnswerWriter& answer, std::string_view name, std::int64_t value) {
  const fmt::format_int text(value);
  answer.header(name, {text.data(), text.size()});
}

}  // namespace

bool JoinGate::let_in(ApiExchange& exchange, std::string_view event_id) {
  return within_address_limit(exchange) && identify(exchange, event_id) && within_event_limit(exchange, event_id);
}

bool JoinGate::within_address_limit(ApiExchange& exchange) {
  JoinRules& rules = thread_.services().joins;
  if (!rules.by_address) return true;
  const net::PeerAddress& peer = exchange.http->peer();
  const bool this_machine = peer.is_loopback() || peer.is_unix();
  if (this_machine && !rules.limit_this_machine && !rules.proxies.trusts(peer)) return true;
  const std::uint64_t key = AddressLimiter::key_of(rules.proxies.client_of(peer, exchange.request()));
  const LimitVerdict verdict = rules.by_address->take(key, exchange.http->received_at());
  if (!verdict.limited) return true;
  thread_.metrics().record_join_limited(JoinLimit::kAddress);
  tell_of_proxy(exchange);
  return refuse_rate(exchange, *rules.by_address, verdict, "too many joins come from this address; join again later");
}

// A proxy that is not named makes one client of everybody behind it. Said once, since every limited join would repeat
// it.
void JoinGate::tell_of_proxy(ApiExchange& exchange) {
  JoinRules& rules = thread_.services().joins;
  const net::PeerAddress& peer = exchange.http->peer();
  if (rules.proxies.trusts(peer) || !exchange.request().has_header("X-Forwarded-For")) return;
  if (rules.told_of_proxy.load(std::memory_order_relaxed) || rules.told_of_proxy.exchange(true)) return;
  const std::string address = peer.to_string();
  thread_.services().log.write(
      GatewayLog::Level::kWarn,
      "joins are limited at an address that sends X-Forwarded-For: if it is your proxy, name it",
      {{"option", std::string_view("--trusted-proxies")}, {"peer", std::string_view(address)}});
}

bool JoinGate::within_event_limit(ApiExchange& exchange, std::string_view event_id) {
  JoinRules& rules = thread_.services().joins;
  // The site has let each of its users in already, and one user has one place: they are not the flood.
  if (!rules.by_event || exchange.command.proven) return true;
  const std::uint64_t key = std::max<std::uint64_t>(1, event_key(event_id));
  const LimitVerdict verdict = rules.by_event->take(key, exchange.http->received_at());
  if (!verdict.limited) return true;
  thread_.metrics().record_join_limited(JoinLimit::kEvent);
  return refuse_rate(exchange, *rules.by_event, verdict, "too many join this event at the moment; join again later");
}

bool JoinGate::refuse_rate(ApiExchange& exchange, const AddressLimiter& limiter, const LimitVerdict& verdict,
                           std::string_view message) {
  AnswerWriter& answer = thread_.answer();
  number_header(answer, "X-RateLimit-Limit", limiter.limit().burst);
  number_header(answer, "X-RateLimit-Remaining", verdict.remaining);
  number_header(answer, "X-RateLimit-Reset", rounded_up(verdict.reset_after_ns, kSecondNs));
  // Rounded up: a client that comes a moment too early earns another 429. Those who are told together come spread.
  const std::int64_t retry_ms = std::max(kSoonestPollMs, rounded_up(verdict.retry_after_ns, 1'000'000));
  const auto spread = static_cast<std::int64_t>(thread_.random().below(static_cast<std::uint64_t>(retry_ms / 4 + 1)));
  const auto retry_sec = std::max<std::int64_t>(1, rounded_up(verdict.retry_after_ns, kSecondNs));
  answer.fail(exchange, ApiError::kRateLimited, message,
              {.field = {},
               .position = std::nullopt,
               .poll_after = milliseconds(retry_ms + spread),
               .retry_after = std::chrono::seconds(retry_sec)});
  return false;
}

// Who joins: whom the site vouches for, the user that is named, or somebody nobody else will ever be.
bool JoinGate::identify(ApiExchange& exchange, std::string_view event_id) {
  exchange.command.proven = false;
  std::string_view user_id;
  const auto found = thread_.json().get_text("user_id", user_id);
  const bool named = found != JsonBody::Found::kAbsent;
  if (named && (found == JsonBody::Found::kWrongType || user_id.empty() || user_id.size() > kMaxUserBytes)) {
    thread_.answer().fail(exchange, ApiError::kInvalidArgument, "user_id must be a string of 1 to 128 bytes",
                          {.field = "user_id"});
    return false;
  }
  if (thread_.assertions() != nullptr) return identify_by_assertion(exchange, event_id, user_id);
  if (!named && !thread_.services().joins.anonymous) {
    thread_.metrics().record_join_unproven(UnprovenJoin::kAnonymous);
    thread_.answer().fail(exchange, ApiError::kUnauthenticated,
                          "this gateway takes no anonymous joins: send a user_id of 1 to 128 bytes",
                          {.field = "user_id"});
    return false;
  }
  exchange.command.user = named ? thread_.signer().user_key(user_id) : nameless(exchange);
  return true;
}

// A user without a name is somebody nobody else will ever be, or known again by the key of the join.
UserKey JoinGate::nameless(ApiExchange& exchange) {
  const std::string_view key = exchange.request().header("Idempotency-Key");
  if (key.size() >= kShortestAnonymousKey) return thread_.signer().anonymous_key(key);
  SecureRandom& random = SecureRandom::of_this_thread();
  return {.high = random.next(), .low = random.next()};
}

bool JoinGate::identify_by_assertion(ApiExchange& exchange, std::string_view event_id, std::string_view user_id) {
  AnswerWriter& answer = thread_.answer();
  std::string_view assertion;
  const auto found = thread_.json().get_text("assertion", assertion);
  if (found == JsonBody::Found::kWrongType) {
    answer.fail(exchange, ApiError::kInvalidArgument, "assertion must be a string", {.field = "assertion"});
    return false;
  }
  if (found == JsonBody::Found::kAbsent) assertion = ApiThread::bearer_of(exchange.request());
  if (assertion.empty()) {
    thread_.metrics().record_join_unproven(UnprovenJoin::kNoAssertion);
    answer.fail(exchange, ApiError::kUnauthenticated,
                "joining takes the site's word for who joins: log in at the site, and send the assertion that it signs "
                "as \"assertion\" in the body or as Authorization: Bearer",
                {.field = "assertion"});
    return false;
  }
  const AssertionVerdict verdict = thread_.assertions()->verify(assertion, event_id, thread_.services().unix_ms_now());
  if (!verdict.believed()) {
    thread_.metrics().record_assertion_refused(verdict.refusal);
    std::array<char, 200> words;
    const auto end =
        fmt::format_to_n(words.data(), words.size(), "{}; get a new one from the site", words_of(verdict.refusal)).out;
    answer.fail(exchange, ApiError::kUnauthenticated, {words.data(), static_cast<std::size_t>(end - words.data())},
                {.field = "assertion"});
    return false;
  }
  if (!user_id.empty() && user_id != verdict.subject) {
    thread_.metrics().record_join_unproven(UnprovenJoin::kAnotherUser);
    answer.fail(exchange, ApiError::kForbidden,
                "the user_id is not the sub of the assertion; leave it out, or send the same", {.field = "user_id"});
    return false;
  }
  exchange.command.user = thread_.signer().user_key(verdict.subject);
  exchange.command.proven = true;
  return true;
}

net::PeerAddress ApiExchange::client() const {
  return thread.services().joins.proxies.client_of(http->peer(), request());
}

}  // namespace tacos::gateway
