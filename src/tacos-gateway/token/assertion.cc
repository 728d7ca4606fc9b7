#include "tacos-gateway/token/assertion.h"

#include <utility>

#include "tacos-gateway/token/strict_json.h"

namespace tacos::gateway {

AssertionVerifier::AssertionVerifier(std::unique_ptr<JwsVerifier> signatures, std::string audience)
    : signatures_(std::move(signatures)),
      claims_(std::make_unique<StrictJson>(JwsVerifier::kMaxBytes)),
      audience_(std::move(audience)) {}

AssertionVerifier::~AssertionVerifier() = default;

core::Result<std::unique_ptr<AssertionVerifier>> AssertionVerifier::make(std::span<const AssertionKey> keys,
                                                                         std::string audience) {
  auto signatures = JwsVerifier::make(keys);
  if (signatures.has_error()) return signatures.error();
  return std::unique_ptr<AssertionVerifier>(new AssertionVerifier(std::move(*signatures), std::move(audience)));
}

AssertionVerdict AssertionVerifier::verify(std::string_view assertion, std::string_view event_id,
                                           std::int64_t unix_ms_now) {
  // The signature first: nothing that a stranger wrote is read as claims.
  if (const auto refusal = signatures_->verify(assertion); refusal != AssertionRefusal::kNone) return {refusal, {}};
  if (!claims_->read(signatures_->payload())) return {AssertionRefusal::kBadClaims, {}};
  const auto subject = claims_->text("sub");
  if (!subject || subject->empty() || subject->size() > kMaxSubjectBytes) return {AssertionRefusal::kNoSubject, {}};
  if (const auto refusal = check_times(unix_ms_now); refusal != AssertionRefusal::kNone) return {refusal, {}};
  if (const auto refusal = check_audience(); refusal != AssertionRefusal::kNone) return {refusal, {}};
  if (!claims_->has("event")) return {AssertionRefusal::kNoEvent, {}};
  const auto event = claims_->text("event");
  if (!event) return {AssertionRefusal::kBadClaims, {}};
  if (*event != event_id) return {AssertionRefusal::kAnotherEvent, {}};
  return {AssertionRefusal::kNone, *subject};
}

AssertionRefusal AssertionVerifier::check_audience() const {
  if (!claims_->has("aud")) return AssertionRefusal::kNone;
  const auto named = claims_->names("aud", audience_);
  if (!named) return AssertionRefusal::kBadClaims;
  return *named && !audience_.empty() ? AssertionRefusal::kNone : AssertionRefusal::kAnotherAudience;
}

AssertionRefusal AssertionVerifier::check_times(std::int64_t unix_ms_now) const {
  if (!claims_->has("exp")) return AssertionRefusal::kNoExpiry;
  const auto expires = claims_->unix_ms("exp");
  if (!expires) return AssertionRefusal::kBadClaims;
  for (const char* name : {"nbf", "iat"}) {
    if (!claims_->has(name)) continue;
    const auto from = claims_->unix_ms(name);
    if (!from) return AssertionRefusal::kBadClaims;
    if (*from > unix_ms_now + kLeewayMs) return AssertionRefusal::kNotYet;
  }
  // RFC 7519, 4.1.4: "on or after which the JWT MUST NOT be accepted".
  return unix_ms_now < *expires ? AssertionRefusal::kNone : AssertionRefusal::kExpired;
}

}  // namespace tacos::gateway
