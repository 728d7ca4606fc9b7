#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "tacos-gateway/token/jws_verifier.h"

namespace tacos::gateway {

// What an assertion proves, or why it proves nothing.
struct AssertionVerdict {
  AssertionRefusal refusal = AssertionRefusal::kNone;
  std::string_view subject;  // who joins, valid until the next verify()

  bool believed() const { return refusal == AssertionRefusal::kNone; }
};

// Reads the assertions by which a site says who joins: a JWT (RFC 7519) of the site's key with the claims
//   sub      who, 1 to 128 bytes          event    which event; must be the one that is joined
//   aud      optional; must be the audience that this gateway was made with, or an array with it among others
//   exp      not valid from then on       nbf, iat optional; 30 s of difference between the clocks are borne
// Times are NumericDates. Members that it does not know are passed over. exp has no leeway: the site chooses it.
//
// Thread rule: one per thread.
class AssertionVerifier {
 public:
  static constexpr std::int64_t kLeewayMs = 30'000;
  static constexpr std::size_t kMaxSubjectBytes = 128;

  // keys: at least one. Without an audience every assertion with an aud is refused: it was made for somebody else
  // (RFC 7519, 4.1.3). Fails only when the crypto library does.
  static core::Result<std::unique_ptr<AssertionVerifier>> make(std::span<const AssertionKey> keys,
                                                               std::string audience = {});
  ~AssertionVerifier();

  AssertionVerdict verify(std::string_view assertion, std::string_view event_id, std::int64_t unix_ms_now);

 private:
  AssertionVerifier(std::unique_ptr<JwsVerifier> signatures, std::string audience);
  AssertionRefusal check_times(std::int64_t unix_ms_now) const;
  AssertionRefusal check_audience() const;

  std::unique_ptr<JwsVerifier> signatures_;
  std::unique_ptr<StrictJson> claims_;
  const std::string audience_;
};

}  // namespace tacos::gateway
