#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

using SecretKey = std::array<unsigned char, 32>;

// 32 random bytes from the system.
core::Result<SecretKey> random_key();
// 64 hexadecimal digits, white space around them allowed; not the same byte 32 times, which is what memory holds that
// no generator has written. The message never holds the key.
core::Result<SecretKey> parse_key(std::string_view hex);

// What a grant proves: this ticket, of this user, may make one reservation until then.
struct GrantClaims {
  TicketRef ref;
  UserKey user;
  std::int64_t expires_unix_ms = 0;
};

// Makes and checks the signed texts that users carry. A token is base64url (RFC 4648, 5, without padding) of
//   waiting: version 1, epoch 4, event 8, ticket 8 bytes, then the MAC        50 characters
//   grant:   version 1, epoch 4, event 8, ticket 8, user 16, expiry 8, MAC    82 characters
// and the MAC is HMAC-SHA-256 cut to 128 bits (RFC 2104, 5) over a word for the purpose and the bytes before it, so
// that one kind of token never passes for the other. The same claims always give the same text: a replayed grant is the
// grant.
//
// Several keys may verify while the first signs, so that keys can be changed without sending anybody away.
// Thread rule: one per thread. Signing and checking allocate nothing.
class TicketSigner {
 public:
  static constexpr std::size_t kWaitingChars = 50;
  static constexpr std::size_t kGrantChars = 82;
  using WaitingText = std::array<char, kWaitingChars>;
  using GrantText = std::array<char, kGrantChars>;

  // keys: at least one. Fails only when the crypto library does.
  static core::Result<std::unique_ptr<TicketSigner>> make(const std::vector<SecretKey>& keys);
  ~TicketSigner();

  void sign_waiting(const TicketRef& ref, WaitingText& into);
  void sign_grant(const GrantClaims& claims, GrantText& into);

  // Nothing unless the text is exactly what a key of ours signed. Hostile input is expected.
  std::optional<TicketRef> verify_waiting(std::string_view text);
  std::optional<GrantClaims> verify_grant(std::string_view text);

  // The store's name for a user: a keyed hash under the first key.
  UserKey user_key(std::string_view user_id);
  // Of a user who gave no name, by the key of the join, so that a repeated join is the same user's.
  UserKey anonymous_key(std::string_view idempotency_key);
  // What proves a repeated join: a keyed hash of its idempotency key, the user and the event. Never 0.
  std::uint64_t join_proof(std::uint64_t event, const UserKey& user, std::string_view idempotency_key);

 private:
  class Mac;
  explicit TicketSigner(std::vector<std::unique_ptr<Mac>> macs);
  UserKey key_of(std::string_view purpose, std::string_view text);

  std::vector<std::unique_ptr<Mac>> macs_;
};

}  // namespace tacos::gateway
