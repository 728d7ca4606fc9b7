#pragma once

#include <string>
#include <string_view>

namespace tacos::plan {

// How numbers are written for people, everywhere in tacos-plan. A value that is not finite is "–" (there is no such
// number), and one that is not zero is never written as "0". From 10^15 on a power of ten is written: "1.2e20".

// A count: thousands separated, "300,000". Expected values below 10 keep a fraction: "0.4".
std::string count_text(double count);

// "1,000/s", "5.56/s": 3 significant digits below 100, whole numbers from there on.
std::string rate_text(double per_second);

// "250 ms", "10 s", "5 min", "1 h 23 min", "3 d 18 h".
std::string seconds_text(double seconds);

// Decimal units, 3 significant digits: "43.9 MB" is 43.9 · 10^6 bytes.
std::string bytes_text(double bytes);
std::string bandwidth_text(double bytes_per_second);  // "60 MB/s"

// An amount of money: "$2.25", "$1,700". Below ten cents 2 significant digits, so that "$0.0034" stays itself.
std::string usd_text(double usd);
// With its cents whatever its size, for a bill: "$2,383.12".
std::string cents_text(double usd);
// A unit price as its list has it, with all its digits: "$0.158", "$0.0000166667", "$5.00".
std::string price_text(double usd);

// A share of 1 as a percentage: "48 %", "4.8 %", "0.034 %". What is just below 1 is not rounded up to it: "99.95 %".
std::string share_text(double share);

// 3 significant digits below 100, whole numbers from there on, and the unit: "12.5 vCPU".
std::string number_text(double value, std::string_view unit);

}  // namespace tacos::plan
