#include "tacos-gateway/token/assertion.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/assertion_signer.h"
#include "tacos-gateway/token/strict_json.h"

namespace tacos::gateway {
namespace {

constexpr std::int64_t kNow = 1'795'000'000;  // seconds
using R = AssertionRefusal;

const AssertionSigner& ed() {
  static const AssertionSigner signer = AssertionSigner::ed25519(7);
  return signer;
}
const AssertionSigner& hs() {
  static const AssertionSigner signer = AssertionSigner::hs256("0123456789abcdefghijklmnopqrstuv");
  return signer;
}

std::unique_ptr<AssertionVerifier> verifier(std::vector<AssertionKey> keys) {
  return std::move(*AssertionVerifier::make(keys));
}
R refusal_of(AssertionVerifier& by, std::string_view text, std::int64_t now_ms = kNow * 1000) {
  return by.verify(text, "show", now_ms).refusal;
}
// The refusal of claims that are well signed.
R claims_refusal(std::string_view claims, std::int64_t now_ms = kNow * 1000) {
  const auto by = verifier({hs().key()});
  return refusal_of(*by, hs().sign(claims), now_ms);
}
R header_refusal(std::string_view header) {
  const auto by = verifier({hs().key()});
  return refusal_of(*by, hs().sign(header, R"({"sub":"ann","exp":1795000060,"event":"show"})"));
}
const std::string kClaims = R"({"sub":"ann","exp":1795000060,"event":"show"})";

TEST(JwsVerifier, TakesTheEd25519ExampleOfRfc8037A4AndRefusesEachChangedBit) {
  const AssertionKey key{AssertionKey::Algorithm::kEdDsa, "",
                         from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")};
  const auto by = std::move(*JwsVerifier::make(std::vector{key}));
  const std::string text =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  EXPECT_EQ(by->verify(text), R::kNone);
  EXPECT_EQ(by->payload(), "Example of Ed25519 signing");
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(by->verify(changed), R::kNone) << at;
    EXPECT_EQ(by->payload(), "") << at;
  }
}

TEST(JwsVerifier, TakesTheHs256ExampleOfRfc7515A1AndRefusesEachChangedBit) {
  const AssertionKey key{
      AssertionKey::Algorithm::kHs256, "",
      from_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")};
  const auto by = std::move(*JwsVerifier::make(std::vector{key}));
  const std::string text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  EXPECT_EQ(by->verify(text), R::kNone);
  EXPECT_EQ(by->payload(), "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(by->verify(changed), R::kNone) << at;
  }
}

TEST(AssertionVerifier, BelievesWhatTheSiteSignedWithEitherKindOfKey) {
  for (const AssertionSigner& site : {ed(), hs()}) {
    const auto by = verifier({site.key()});
    const auto verdict = by->verify(site.sign(kClaims), "show", kNow * 1000);
    EXPECT_EQ(verdict.refusal, R::kNone);
    EXPECT_EQ(verdict.subject, "ann");
  }
}

TEST(AssertionVerifier, TheKeyDecidesTheAlgorithmAndNeverTheToken) {
  const auto by_ed = verifier({ed().key()});
  const auto by_hs = verifier({hs().key()});
  EXPECT_EQ(refusal_of(*by_ed, hs().sign(kClaims)), R::kAlgorithm);
  EXPECT_EQ(refusal_of(*by_hs, ed().sign(kClaims)), R::kAlgorithm);
  // The old attack: the public key, known to all, used as the secret of an HMAC.
  const AssertionKey public_key = ed().key();
  const auto attacker = AssertionSigner::hs256({public_key.bytes.begin(), public_key.bytes.end()});
  EXPECT_EQ(refusal_of(*by_ed, attacker.sign(kClaims)), R::kAlgorithm);
  const auto pem_attacker = AssertionSigner::hs256(ed().pem());
  EXPECT_EQ(refusal_of(*by_ed, pem_attacker.sign(kClaims)), R::kAlgorithm);
  // An HMAC under the header of the other algorithm.
  EXPECT_EQ(refusal_of(*by_ed, attacker.sign(R"({"alg":"EdDSA"})", kClaims)), R::kSignature);
  for (const char* name : {"none", "None", "NONE", "nOnE", "hs256", "Hs256", "HS384", "HS512", "RS256", "ES256",
                           "EdDsa", "eddsa", "Ed25519", "", " HS256", "HS256 "}) {
    EXPECT_EQ(header_refusal(std::string(R"({"alg":")") + name + R"("})"), R::kAlgorithm) << name;
  }
  EXPECT_EQ(header_refusal(R"({"alg":null})"), R::kBadHeader);
  EXPECT_EQ(header_refusal(R"({"alg":["HS256"]})"), R::kBadHeader);
  EXPECT_EQ(header_refusal(R"({"typ":"JWT"})"), R::kBadHeader);
}

TEST(AssertionVerifier, AnAudienceMustNameTheGatewayAndOneWithoutANameTakesNone) {
  const auto refusal = [](const std::string& audience, const std::string& aud) {
    const auto by = std::move(*AssertionVerifier::make(std::vector{hs().key()}, audience));
    return refusal_of(*by, hs().sign(R"({"sub":"ann","exp":1795000060,"event":"show","aud":)" + aud + "}"));
  };
  EXPECT_EQ(refusal("tacos", R"("tacos")"), R::kNone);
  EXPECT_EQ(refusal("tacos", R"(["shop","tacos"])"), R::kNone);
  for (const char* aud : {R"("Tacos")", R"("tacos ")", R"("")", "[]", R"(["shop"])", R"(["taco","s"])"}) {
    EXPECT_EQ(refusal("tacos", aud), R::kAnotherAudience) << aud;
  }
  for (const char* aud : {"5", "null", "{}", R"(["tacos",5])", R"([["tacos"]])", "true"}) {
    EXPECT_EQ(refusal("tacos", aud), R::kBadClaims) << aud;
  }
  for (const char* aud : {R"("tacos")", R"("")", R"(["tacos"])", R"([""])", "[]"}) {
    EXPECT_EQ(refusal("", aud), R::kAnotherAudience) << aud;
  }
  const auto by = std::move(*AssertionVerifier::make(std::vector{hs().key()}, "tacos"));
  EXPECT_EQ(refusal_of(*by, hs().sign(kClaims)), R::kNone) << "aud is optional";
}

TEST(AssertionVerifier, RefusesAMissingOrShortenedSignature) {
  for (const AssertionSigner& site : {ed(), hs()}) {
    const auto by = verifier({site.key()});
    const std::string signed_text = base64url(site.header()) + "." + base64url(kClaims);
    const std::string signature = site.signature_of(signed_text);
    EXPECT_EQ(refusal_of(*by, signed_text + "."), R::kSignature);
    EXPECT_EQ(refusal_of(*by, signed_text), R::kNotCompact);
    for (std::size_t size = 0; size < signature.size(); ++size) {
      EXPECT_EQ(refusal_of(*by, signed_text + "." + base64url(signature.substr(0, size))), R::kSignature) << size;
    }
    EXPECT_NE(refusal_of(*by, signed_text + "." + base64url(signature + 'x')), R::kNone);
    EXPECT_EQ(refusal_of(*by, base64url(R"({"alg":"none"})") + "." + base64url(kClaims) + "."), R::kAlgorithm);
  }
}

TEST(AssertionVerifier, TakesTheCompactFormOnly) {
  const auto by = verifier({hs().key()});
  const std::string good = hs().sign(kClaims);
  const std::size_t dot = good.find('.');
  for (const std::string& bad :
       std::vector<std::string>{std::string(), std::string("."), std::string(".."), std::string("..."), good + ".",
                                "." + good, good + ".AAAA", good.substr(0, dot) + "." + good.substr(dot), good + "=",
                                good + "\n", " " + good, good + " ", good.substr(0, dot) + "=." + good.substr(dot + 1),
                                good.substr(0, dot) + " ." + good.substr(dot + 1), "Bearer " + good,
                                good + std::string(1, '\0'), R"({"payload":"","signature":""})"}) {
    EXPECT_EQ(refusal_of(*by, bad), bad == ".." ? R::kBadHeader : R::kNotCompact) << bad;
  }
  std::string standard = good;  // the other base64 alphabet
  standard[standard.size() - 2] = '+';
  EXPECT_EQ(refusal_of(*by, standard), R::kNotCompact);
  EXPECT_EQ(refusal_of(*by, std::string(4097, 'A')), R::kTooLong);
  EXPECT_EQ(refusal_of(*by, std::string(4096, 'A')), R::kNotCompact);
}

TEST(AssertionVerifier, RefusesASecondSpellingOfTheSameSignature) {
  const auto by = verifier({hs().key()});
  const std::string good = hs().sign(kClaims);
  ASSERT_EQ(good.substr(good.rfind('.') + 1).size() % 4, 3u) << "32 bytes leave two bits over";
  int spellings = 0;
  for (const char c : kBase64UrlAlphabet) {
    std::string other = good;
    other.back() = c;
    if (refusal_of(*by, other) == R::kNone) ++spellings;
  }
  EXPECT_EQ(spellings, 1);
  std::vector<unsigned char> room(8);
  EXPECT_FALSE(decode_base64url("AA=", room));
  EXPECT_TRUE(decode_base64url("AA", room));
  EXPECT_FALSE(decode_base64url("AB", room));
  EXPECT_FALSE(decode_base64url("A", room));
  EXPECT_FALSE(decode_base64url("AAAAA", room));
}

TEST(AssertionVerifier, RefusesHeadersThatChangeTheMeaning) {
  for (const char* member :
       {R"("crit":["exp"])", R"("crit":[])", R"("crit":null)", R"("b64":false)", R"("b64":true)", R"("cty":"JWT")",
        R"("zip":"DEF")", R"("enc":"A128GCM")", R"("jwk":{"kty":"oct","k":"AA"})", R"("jku":"https://evil.example")",
        R"("x5u":"https://evil.example")", R"("x5c":["AA"])"}) {
    EXPECT_EQ(header_refusal(std::string(R"({"alg":"HS256",)") + member + "}"), R::kExtension) << member;
  }
  EXPECT_EQ(header_refusal(R"({"alg":"HS256","x5t":"AA","site":1})"), R::kNone) << "harmless members are passed over";
  EXPECT_EQ(header_refusal(R"({"alg":"HS256","typ":"jwt"})"), R::kNone);
  EXPECT_EQ(header_refusal(R"({"alg":"HS256","typ":"at+jwt"})"), R::kBadHeader);
  EXPECT_EQ(header_refusal(R"({"alg":"HS256","typ":1})"), R::kBadHeader);
}

TEST(AssertionVerifier, RefusesJsonThatTwoReadersMayReadDifferently) {
  for (const char* header :
       {R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"HS256","\u0061lg":"none"})", "[]", "1", "", "\"HS256\"",
        R"({"alg":"HS256"}x)", R"({"alg":"HS256",})", "\xEF\xBB\xBF{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"a\":\"\xff\"}", R"({"alg":"HS256","kid":1})", R"({"alg":"HS256","kid":""})",
        R"({"alg":"HS256","kid":null})"}) {
    EXPECT_EQ(header_refusal(header), R::kBadHeader) << header;
  }
  for (const std::string& claims :
       std::vector<std::string>{std::string(R"({"sub":"ann","sub":"bob","exp":1795000060,"event":"show"})"),
                                std::string(R"({"sub":"ann","exp":1,"exp":1795000060,"event":"show"})"),
                                std::string(R"({"sub":"ann","exp":1795000060,"event":"show","\u0065vent":"show"})"),
                                std::string(R"({"sub":"ann","exp":1795000060,"event":"show","x":{"a":1,"a":2}})"),
                                std::string(R"({"sub":"ann","exp":1795000060,"event":"show","x":[{"a":1,"a":2}]})"),
                                std::string("{\"sub\":\"a\xC0\xAFz\",\"exp\":1795000060,\"event\":\"show\"}"),
                                std::string("{\"sub\":\"a\xED\xA0\x80z\",\"exp\":1795000060,\"event\":\"show\"}"),
                                std::string(R"({"sub":"a\ud800z","exp":1795000060,"event":"show"})"),
                                std::string(R"({"sub":"a\udc00z","exp":1795000060,"event":"show"})"),
                                std::string(R"({"sub":"a\udc00\ud800z","exp":1795000060,"event":"show"})"),
                                kClaims + kClaims, "[" + kClaims + "]", std::string("null"), std::string(),
                                R"({"a":)" + std::string(20, '[') + std::string(20, ']') + "}",
                                R"({"sub":"ann","exp":1795000060,"event":"show")", std::string(R"({"exp":NaN})"),
                                R"({"exp":1e999,"sub":"ann","event":"show"})"}) {
    EXPECT_EQ(claims_refusal(claims), R::kBadClaims) << claims;
  }
  std::string crowded = "{";
  for (int i = 0; i < 62; ++i) crowded += fmt::format("\"m{}\":0,", i);
  EXPECT_EQ(claims_refusal(crowded + kClaims.substr(1)), R::kBadClaims) << "65 members";
  EXPECT_EQ(claims_refusal("{" + crowded.substr(crowded.find(',') + 1) + kClaims.substr(1)), R::kNone) << "64 members";
}

TEST(AssertionVerifier, WantsASubjectOfOneTo128Bytes) {
  const auto with = [](const std::string& sub) {
    return claims_refusal(R"({"exp":1795000060,"event":"show","sub":)" + sub + "}");
  };
  EXPECT_EQ(with('"' + std::string(128, 'a') + '"'), R::kNone);
  EXPECT_EQ(with('"' + std::string(129, 'a') + '"'), R::kNoSubject);
  EXPECT_EQ(with(R"("")"), R::kNoSubject);
  EXPECT_EQ(with("7"), R::kNoSubject);
  EXPECT_EQ(with("null"), R::kNoSubject);
  EXPECT_EQ(claims_refusal(R"({"exp":1795000060,"event":"show"})"), R::kNoSubject);
}

TEST(AssertionVerifier, AnAssertionEndsAtItsExpiryToTheMillisecond) {
  EXPECT_EQ(claims_refusal(kClaims, 1'795'000'059'999), R::kNone);
  EXPECT_EQ(claims_refusal(kClaims, 1'795'000'060'000), R::kExpired);
  EXPECT_EQ(claims_refusal(kClaims, 1'795'000'060'001), R::kExpired);
  const auto with = [](const std::string& exp, std::int64_t now_ms) {
    return claims_refusal(R"({"sub":"ann","event":"show","exp":)" + exp + "}", now_ms);
  };
  EXPECT_EQ(with("1795000060.5", 1'795'000'060'499), R::kNone);
  EXPECT_EQ(with("1795000060.5", 1'795'000'060'500), R::kExpired);
  EXPECT_EQ(with("0", kNow * 1000), R::kExpired);
  EXPECT_EQ(with("-1", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(with("\"1795000060\"", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(with("null", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(with("true", kNow * 1000), R::kBadClaims);
  // Milliseconds for seconds would make a token that never ends.
  EXPECT_EQ(with("1795000060000", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(with("253402300799", kNow * 1000), R::kNone);
  EXPECT_EQ(with("253402300800", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(with("9223372036854775807", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(with("18446744073709551615", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(with("1e18", kNow * 1000), R::kBadClaims);
  EXPECT_EQ(claims_refusal(R"({"sub":"ann","event":"show"})"), R::kNoExpiry);
}

TEST(AssertionVerifier, BearsThirtySecondsOfClockDifferenceForNbfAndIatAlone) {
  for (const std::string name : {"nbf", "iat"}) {
    const auto with = [&](const std::string& value) {
      return claims_refusal(R"({"sub":"ann","event":"show","exp":1795000060,")" + name + "\":" + value + "}");
    };
    EXPECT_EQ(with("1795000030"), R::kNone) << name;
    EXPECT_EQ(with("1795000030.001"), R::kNotYet) << name;
    EXPECT_EQ(with("1795000031"), R::kNotYet) << name;
    EXPECT_EQ(with("0"), R::kNone) << name;
    EXPECT_EQ(with("\"0\""), R::kBadClaims) << name;
    EXPECT_EQ(with("null"), R::kBadClaims) << name;
  }
}

TEST(AssertionVerifier, AnAssertionIsForOneEvent) {
  const auto with = [](const std::string& event) {
    return claims_refusal(R"({"sub":"ann","exp":1795000060,"event":)" + event + "}");
  };
  EXPECT_EQ(with(R"("show")"), R::kNone);
  EXPECT_EQ(with(R"("Show")"), R::kAnotherEvent);
  EXPECT_EQ(with(R"("show ")"), R::kAnotherEvent);
  EXPECT_EQ(with(R"("")"), R::kAnotherEvent);
  EXPECT_EQ(with(R"("*")"), R::kAnotherEvent);
  EXPECT_EQ(with(R"(["show"])"), R::kBadClaims);
  EXPECT_EQ(claims_refusal(R"({"sub":"ann","exp":1795000060})"), R::kNoEvent);
}

TEST(AssertionVerifier, SeveralKeysAreToldApartByKid) {
  const auto other = AssertionSigner::ed25519(8);
  const auto by = verifier({ed().key("2026-11"), other.key("2026-12"), hs().key()});
  const auto with = [](const AssertionSigner& site, const std::string& alg, const std::string& kid) {
    return site.sign(R"({"alg":")" + alg + R"(","kid":")" + kid + "\"}", kClaims);
  };
  EXPECT_EQ(refusal_of(*by, with(ed(), "EdDSA", "2026-11")), R::kNone);
  EXPECT_EQ(refusal_of(*by, with(other, "EdDSA", "2026-12")), R::kNone);
  EXPECT_EQ(refusal_of(*by, with(other, "EdDSA", "2026-11")), R::kSignature);
  EXPECT_EQ(refusal_of(*by, ed().sign(kClaims)), R::kNone) << "a token without kid is tried with each";
  EXPECT_EQ(refusal_of(*by, other.sign(kClaims)), R::kNone);
  EXPECT_EQ(refusal_of(*by, with(hs(), "HS256", "any")), R::kNone) << "a key without a name may check any";
  const auto named = verifier({ed().key("2026-11"), hs().key("shared")});
  EXPECT_EQ(refusal_of(*named, with(ed(), "EdDSA", "2026-10")), R::kUnknownKey);
  EXPECT_EQ(refusal_of(*named, with(hs(), "HS256", "2026-11")), R::kAlgorithm);
  EXPECT_EQ(refusal_of(*named, with(hs(), "HS256", "shared")), R::kNone);
  EXPECT_EQ(refusal_of(*named, with(hs(), "HS256", "../shared")), R::kUnknownKey);
}

TEST(AssertionVerifier, SaysInWordsWhyItRefuses) {
  for (std::size_t i = 0; i < kAssertionRefusalCount; ++i) {
    EXPECT_FALSE(name_of(static_cast<R>(i)).empty());
    EXPECT_TRUE(words_of(static_cast<R>(i)).starts_with("the assertion"));
  }
  EXPECT_EQ(words_of(R::kExpired), "the assertion has expired");
  EXPECT_EQ(name_of(R::kAnotherEvent), "another_event");
}

}  // namespace
}  // namespace tacos::gateway
