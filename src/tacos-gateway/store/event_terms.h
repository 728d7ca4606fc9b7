#pragma once

#include <cstdint>
#include <string>

#include "core/units.h"

namespace tacos::gateway {

// What an operator declares of an event, before anybody joins it.
struct EventTerms {
  std::string event_id;
  std::uint64_t seats = 10'000;
  core::Rate admission_rate = core::Rate::per_second(1000);
  double admission_burst = 100;
  std::int64_t opens_unix_ms = 0;  // the first admission comes no earlier; 0: at once
  std::uint64_t price = 100;       // of a seat, in the currency's smallest unit
  std::string currency = "USD";    // ISO 4217

  friend bool operator==(const EventTerms& a, const EventTerms& b) {
    return a.event_id == b.event_id && a.seats == b.seats && a.price == b.price && a.currency == b.currency &&
           a.admission_rate.per_second() == b.admission_rate.per_second() && a.admission_burst == b.admission_burst &&
           a.opens_unix_ms == b.opens_unix_ms;
  }
};

// How a declaration ended.
enum class Declared : std::uint8_t {
  kMade,      // the event was not declared before
  kChanged,   // it was: these terms stand now
  kKept,      // it was, and only a new one was to be made
  kFull,      // as many events are declared as may be
  kInUse,     // its seats and price can't change any more: somebody has joined
  kHasOpened  // its opening can't be put off any more: it lies in the past
};

// Whether terms take the place of those that stand.
enum class Redeclare : std::uint8_t { kReplace, kKeep };

// How taking a declaration back ended.
enum class Withdrawn : std::uint8_t {
  kGone,      // declaration, line and orders are forgotten
  kNotFound,  // there was no event of that name
  kInUse,     // users are in line or seats are sold: only by force
};

}  // namespace tacos::gateway
