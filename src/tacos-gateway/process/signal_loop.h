#pragma once

#include <optional>
#include <signal.h>
#include <string>

#include "core/clock.h"

namespace tacos::gateway {

// What a signal asks of the gateway.
enum class SignalMeaning { kShutDown, kStopAtOnce, kReload, kNothing };

SignalMeaning meaning_of(int signal);
// "SIGTERM"; "SIGRTMIN+3".
std::string name_of_signal(int signal);

// Holds back every signal that a SignalLoop takes. To be called as the first act of main(): until then one that comes
// ends the process, and reading options and loading libraries takes a while. Touches nothing but the signal mask.
void hold_signals();

// Takes every signal whose default would end or stop the process, so that none does unasked. SIGKILL and SIGSTOP can't
// be taken; SIGTSTP is the shell's; SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT tell of a fault and end the process.
//
// Thread rule: made and used by the main thread, before any other thread starts: those inherit what it blocks.
class SignalLoop {
 public:
  SignalLoop();

  // The next signal; nothing when none comes in this time.
  std::optional<int> wait(core::Nanos at_most) const;

 private:
  sigset_t taken_;
};

}  // namespace tacos::gateway
