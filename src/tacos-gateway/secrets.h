#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "tacos-gateway/options.h"
#include "tacos-gateway/token/ticket_signer.h"

namespace tacos::gateway {

// What the gateway keeps to itself, as the options and the files they name have it.
struct Secrets {
  std::vector<SecretKey> signing_keys;  // the first signs
  std::string admin_token;              // empty: /admin is closed
  std::vector<std::string> warnings;    // for the log; no secret in them
};

// Reads the files. An error names the option, the file and what to do.
core::Result<Secrets> load_secrets(const GatewayOptions& options);

}  // namespace tacos::gateway
