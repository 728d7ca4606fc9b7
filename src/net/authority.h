#pragma once

#include <string_view>

namespace tacos::net {

// Whether text is uri-host [ ":" port ] (RFC 9110 section 7.2, RFC 3986 section 3.2.2): a registered name, an IPv4
// address or an IP literal in brackets, and a port of 0 to 65535 in digits, which may be empty. The host may not be
// empty, as in any http URI (RFC 9110 section 4.2.1). User information, a zone id, and percent codes of anything but
// unreserved characters and bytes above 127 are no part of it here.
bool is_authority(std::string_view text);

// Whether every '%' begins a percent code, "%" and two hexadecimal digits (RFC 3986 section 2.1).
bool has_whole_percent_codes(std::string_view text);

}  // namespace tacos::net
