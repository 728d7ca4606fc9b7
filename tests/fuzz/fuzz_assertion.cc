// Any text may be shown as an assertion, and a site may sign anything. The first byte chooses: 'h' and 'e' read the
// rest as a header, a line end and claims, signed as a site with that kind of key would; 'k' reads it as a key file;
// anything else reads the whole as a compact assertion. What is believed must be the one spelling of what was signed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "support/assertion_signer.h"
#include "tacos-gateway/token/assertion.h"

namespace {

using namespace tacos::gateway;

constexpr std::int64_t kNowMs = 1'795'000'000'000;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(AssertionVerifier& by, const AssertionSigner& site, std::string_view text) {
  const auto verdict = by.verify(text, "show", kNowMs);
  if (!verdict.believed()) {
    require(verdict.subject.empty());
    return;
  }
  require(!verdict.subject.empty() && verdict.subject.size() <= AssertionVerifier::kMaxSubjectBytes);
  // Signed again it is the same text, so no other spelling of it was taken.
  const std::size_t dot = text.rfind('.');
  require(text.substr(dot + 1) == base64url(site.signature_of(text.substr(0, dot))));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const AssertionSigner ed = AssertionSigner::ed25519(7);
  static const AssertionSigner hs = AssertionSigner::hs256("0123456789abcdefghijklmnopqrstuv");
  static const auto by_ed = std::move(*AssertionVerifier::make(std::vector{ed.key()}));
  static const auto by_hs = std::move(*AssertionVerifier::make(std::vector{hs.key("2026")}));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with('k')) {
    const auto keys = parse_assertion_keys(text.substr(1));
    if (keys.has_value()) require(AssertionVerifier::make(*keys).has_value());
    return 0;
  }
  if (text.starts_with('h') || text.starts_with('e')) {
    const std::size_t line_end = std::min(text.find('\n'), text.size() - 1);
    const std::string_view header = text.substr(1, line_end - std::min<std::size_t>(line_end, 1));
    const AssertionSigner& site = text.front() == 'h' ? hs : ed;
    check(text.front() == 'h' ? *by_hs : *by_ed, site, site.sign(header, text.substr(line_end + 1)));
    return 0;
  }
  check(*by_ed, ed, text);
  check(*by_hs, hs, text);
  return 0;
}
