#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/clock.h"

namespace tacos::measure {

// How a scheduled request ended. Every scheduled request has exactly one outcome, so the counts always add up.
enum class Outcome : std::uint8_t {
  kOk,             // a complete answer that the journey expected (a refusal such as SOLD_OUT included)
  kHttpError,      // a complete answer that it did not expect
  kTimeout,        // no complete answer before its time-out, whether it was sent or still waiting to be
  kConnectError,   // no connection could be made
  kReset,          // the connection ended before the answer did
  kProtocolError,  // what came back is not HTTP, or not an answer the journey can read
  kShed,           // never sent: the bounded backlog was full
  kUnfilled,       // never sent: no user was left to send it
  kInterrupted,    // the run was stopped before it could end
};
inline constexpr std::size_t kOutcomeCount = 9;

// The keys of "outcomes" in report.json, in the order of the enum.
inline constexpr std::array<std::string_view, kOutcomeCount> kOutcomeNames{
    "ok", "http_error", "timeout", "connect_error", "reset", "protocol_error", "shed", "unfilled", "interrupted"};

constexpr std::string_view name_of(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

// Index of a step of the journey ("join", "status", …; "request" for a fixed rate of one request).
using StepId = std::uint8_t;

// One scheduled request, whole. Times are offsets from the start of the run.
//   response time = done − intended   what a user felt who wanted it at that moment
//   service time  = done − sent       what the server took
//   send lag      = sent − intended   = dispatch lag + the wait for a free connection (or for the user's previous
//   answer) dispatch lag  = taken − intended  how late the generator itself was
struct Sample {
  StepId step = 0;
  Outcome outcome = Outcome::kOk;
  std::uint16_t status = 0;
  core::Nanos intended{0};
  core::Nanos taken{0};
  core::Nanos sent{0};  // equal to done when it was never sent
  core::Nanos first_byte{0};
  core::Nanos done{0};
  // What the answer told the user, where it did.
  std::uint32_t position = 0;         // in line, from 1; 0: nothing said
  core::Nanos time_to_admission{-1};  // since the user's first join, when this answer called them in; else −1
  core::Nanos time_to_sold_out{-1};   // the same, when this answer was the first to say that nothing is left
};

}  // namespace tacos::measure
