#pragma once

#include "core/result.h"
#include "tacos-plan/models/arrival_curve.h"

namespace tacos::plan {

// A crowd that comes at an even pace: N users over T seconds from the opening on, all at once when T is 0, in front of
// a door that admits a users a second after a first burst b.
struct FluidQueue {
  double users = 0;            // N
  double arrival_seconds = 0;  // T; the pace is A = N/T
  Door door{};                 // a, b
};

// Closed forms of that queue, users as a fluid. The k-th arrives at kT/N and is admitted at max(kT/N, (k − b)/a), so
//   wait of the k-th      w(k) = max(0, (k − b)/a − kT/N), which never falls with k while A > a, and is 0 otherwise
//   longest wait          w(N); a burst of N without b: N/a, mean N/(2a)
//   mean wait             (1/N) ∫₀ᴺ w(k) dk = m(N − k₀)²/(2N), m = 1/a − T/N, k₀ = (b/a)/m
//   queue at t            max(0, min(N, Nt/T) − b − at); the longest is N − b − aT, at T
//   drained at            max(T, (N − b)/a)
// All fail, naming the value, unless N and a are finite and above 0, T and b finite and at least 0.
// Source: Newell, Applications of Queueing Theory (2nd ed., 1982), chapter 2.
core::Result<LineSummary> fluid_summary(const FluidQueue& queue);
core::Result<double> fluid_queue_at(const FluidQueue& queue, double seconds);
// k from 0 to N.
core::Result<double> fluid_wait_of(const FluidQueue& queue, double k);
// The wait that a share p of all users stays within, 0 ≤ p ≤ 1: w(pN), since later arrivals wait at least as long.
core::Result<double> fluid_wait_percentile(const FluidQueue& queue, double share);

// Everything is taken at `stops_at_seconds`: admission ends, those in line are told notice_delay later (their next
// poll) and leave. Who comes within door_delay still joins the line, since what is taken is not yet paid and may come
// back; who comes afterwards is refused at the door and waits nothing.
struct SoldOut {
  double stops_at_seconds = 0;      // s
  double notice_delay_seconds = 0;  // n
  double door_delay_seconds = 0;    // d ≤ n
};

// With s the time it stops: admitted min(A(s), b + as), sold out in line A(s + d) less those, refused N − A(s + d). The
// k-th who is not admitted waits s + n − kT/N, so the longest such wait is that of the first of them.
struct SoldOutSummary {
  double admitted = 0;
  double sold_out_in_line = 0;
  double refused_at_door = 0;
  double longest_wait_admitted_seconds = 0;
  double mean_wait_admitted_seconds = 0;
  double longest_wait_sold_out_seconds = 0;
  double mean_wait_sold_out_seconds = 0;
  double person_seconds = 0;  // of both
};
// Fails as fluid_summary does, on an s, n or d below 0 or not finite, and on a d above n.
core::Result<SoldOutSummary> fluid_sold_out(const FluidQueue& queue, const SoldOut& sold_out);
// The wait of the k-th arrival when admission ends, 0 for one refused at the door.
core::Result<double> fluid_sold_out_wait_of(const FluidQueue& queue, const SoldOut& sold_out, double k);

}  // namespace tacos::plan
