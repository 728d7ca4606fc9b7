#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <variant>
#include <vector>

#include "core/result.h"
#include "net/url.h"
#include "redis/redis_url.h"

namespace tacos::load {

// A process of this machine.
struct ProcessId {
  pid_t pid = 0;
};

// A part of the system to watch while the load runs: NAME=SOURCE[,cores=N].
struct Observation {
  std::string name;
  std::variant<ProcessId, redis::RedisUrl, net::Url> source;
  double limit_cores = 0;  // 0: what its kind has by itself

  // What may stand in a report: no password, no query.
  std::string source_text() const;
};

// Takes
//   gateway=pid:4711
//   redis=redis://[user[:password]@]host[:port]      (rediss, redis+cluster, rediss+cluster and unix as well)
//   gateway=http://host:port/metrics                 (https as well)
// each with ",cores=N" behind it, 0.01 to 4096. Errors never repeat a password.
core::Result<Observation> parse_observation(std::string_view text);

// Reads all, and checks what must hold between them: no name twice, at most 16.
core::Result<std::vector<Observation>> parse_observations(const std::vector<std::string>& texts);

// The text of an observation as it may be shown: what stands between "://" and '@' becomes "***", and so does a query
// of http. Of any text, also of one that can't be read.
std::string without_secrets(std::string_view observation);

// The words of a command line with what follows --observe as it may be shown.
std::vector<std::string> without_secrets(std::vector<std::string> words);

}  // namespace tacos::load
