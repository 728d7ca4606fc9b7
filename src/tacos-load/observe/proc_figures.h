#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "core/result.h"
#include "tacos-load/observe/figures.h"

namespace tacos::load {

// From the text of /proc/N/stat (proc_pid_stat(5)): CPU of all threads, dead ones included and children not (fields 14
// and 15, in ticks), threads (20), and the start time (22) as its life. The name in field 2 may hold anything, ')' too.
// Fails for one that has ended and only waits for its parent (Z).
core::Result<Figures> parse_process_stat(std::string_view text, double ticks_per_sec);

// Adds resident memory from the text of /proc/N/status (VmRSS, in kB), when it says.
void add_process_status(std::string_view text, Figures& figures);

// From the text of /proc/stat: time that any CPU was neither idle nor waiting for a disk, of the machine.
core::Result<Figures> parse_machine_stat(std::string_view text, double ticks_per_sec);

// A process of this machine now. Fails when there is none with this id.
core::Result<Figures> read_process(pid_t pid);
core::Result<Figures> read_machine_use();

// Cores' worth of time that a process may use: those it may run on (sched_getaffinity), or less by a cgroup's quota; 0
// when that can't be asked.
double allowed_cores(pid_t pid);
double machine_cores();

}  // namespace tacos::load
