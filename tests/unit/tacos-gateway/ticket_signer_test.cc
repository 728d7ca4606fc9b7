#include "tacos-gateway/token/ticket_signer.h"

#include <string>

#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::gateway {
namespace {

SecretKey key_of(unsigned char fill) {
  SecretKey key{};
  key.fill(fill);
  return key;
}

std::unique_ptr<TicketSigner> signer(std::vector<SecretKey> keys) {
  return std::move(*TicketSigner::make(keys));
}

std::string waiting(TicketSigner& by, const TicketRef& ref) {
  TicketSigner::WaitingText text;
  by.sign_waiting(ref, text);
  return {text.data(), text.size()};
}
std::string grant(TicketSigner& by, const GrantClaims& claims) {
  TicketSigner::GrantText text;
  by.sign_grant(claims, text);
  return {text.data(), text.size()};
}

const TicketRef kRef{0xDEADBEEF, 0x0123456789ABCDEF, 300'000};
const GrantClaims kClaims{kRef, {7, 8}, 1'795'000'000'000};

TEST(TicketSigner, WhatItSignsItReadsBack) {
  auto by = signer({key_of(1)});
  core::Random random(4);
  for (int i = 0; i < 1000; ++i) {
    const TicketRef ref{static_cast<std::uint32_t>(random.next()), random.next(), random.next()};
    ASSERT_EQ(by->verify_waiting(waiting(*by, ref)), ref);
    const GrantClaims claims{ref, {random.next(), random.next()}, static_cast<std::int64_t>(random.next())};
    const auto back = by->verify_grant(grant(*by, claims));
    ASSERT_TRUE(back);
    ASSERT_EQ(back->ref, claims.ref);
    ASSERT_EQ(back->user, claims.user);
    ASSERT_EQ(back->expires_unix_ms, claims.expires_unix_ms);
  }
  EXPECT_EQ(grant(*by, kClaims), grant(*by, kClaims)) << "a replayed grant is the same text";
}

TEST(TicketSigner, EveryChangedCharacterIsRefused) {
  auto by = signer({key_of(1)});
  const std::string good = waiting(*by, kRef);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char c : {'A', 'b', '7', '_', '+', '=', '\0', ' '}) {
      if (good[at] == c) continue;
      std::string bad = good;
      bad[at] = c;
      ASSERT_FALSE(by->verify_waiting(bad)) << at << c;
    }
  }
  EXPECT_FALSE(by->verify_waiting(good + "A"));
  EXPECT_FALSE(by->verify_waiting(good.substr(1)));
  EXPECT_FALSE(by->verify_waiting(""));
}

TEST(TicketSigner, OneKindOfTokenNeverPassesForTheOther) {
  auto by = signer({key_of(1)});
  EXPECT_FALSE(by->verify_grant(waiting(*by, kRef)));
  EXPECT_FALSE(by->verify_waiting(grant(*by, kClaims)));
}

TEST(TicketSigner, KeysCanBeChangedWithoutSendingAnybodyAway) {
  auto old_only = signer({key_of(1)});
  auto both = signer({key_of(2), key_of(1)});
  auto new_only = signer({key_of(2)});
  const std::string old_token = waiting(*old_only, kRef);
  EXPECT_TRUE(both->verify_waiting(old_token));
  EXPECT_FALSE(new_only->verify_waiting(old_token));
  EXPECT_TRUE(new_only->verify_waiting(waiting(*both, kRef)));
}

TEST(TicketSigner, UserKeysDifferByUserAndBySecret) {
  auto one = signer({key_of(1)});
  auto two = signer({key_of(2)});
  EXPECT_EQ(one->user_key("ann"), one->user_key("ann"));
  EXPECT_FALSE(one->user_key("ann") == one->user_key("bob"));
  EXPECT_FALSE(one->user_key("ann") == two->user_key("ann"));
}

TEST(ParseKey, TakesSixtyFourHexDigitsAndNeverEchoesThem) {
  SecretKey key = key_of(0x5a);
  key.back() = 0x01;
  std::string hex;
  for (int i = 0; i < 31; ++i) hex += "5A";
  EXPECT_EQ(parse_key(" " + hex + "01\r\n").value(), key);
  EXPECT_EQ(parse_key("0x" + std::string(62, '1')).has_error(), true);
  const std::string secret(63, 'f');
  EXPECT_EQ(parse_key(secret).error().message.find(secret), std::string::npos);
}

TEST(ParseKey, RefusesWhatNoGeneratorMakes) {
  for (const char* byte : {"00", "ff", "ab"}) {
    std::string hex;
    for (int i = 0; i < 32; ++i) hex += byte;
    EXPECT_EQ(parse_key(hex).error().message,
              "a signing key of 32 equal bytes can be guessed; make one with: openssl rand -hex 32");
  }
}

TEST(RandomKey, IsAnotherEachTime) {
  EXPECT_NE(random_key().value(), random_key().value());
}

}  // namespace
}  // namespace tacos::gateway
