// Any text may be shown as a token. What is believed must be exactly what we sign: the claims signed again give the
// same text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tacos-gateway/token/ticket_signer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacos::gateway;
  static const auto signer = std::move(*TicketSigner::make({SecretKey{}}));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto ref = signer->verify_waiting(text)) {
    TicketSigner::WaitingText again;
    signer->sign_waiting(*ref, again);
    if (text != std::string_view(again.data(), again.size())) std::abort();
  }
  if (const auto claims = signer->verify_grant(text)) {
    TicketSigner::GrantText again;
    signer->sign_grant(*claims, again);
    if (text != std::string_view(again.data(), again.size())) std::abort();
  }
  return 0;
}
