#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tacos::plan {

// How one number of a plan came about: the equation with its numbers put in, and where the equation comes from.
struct Derivation {
  std::string name;  // as the JSON calls it: "admission.by_wait_per_sec"
  double value = 0;
  std::string unit;
  std::string formula;
  std::string source;
};

// Collects them while a plan is made. Returns the value, so that a number can't be derived without saying how.
class Derivations {
 public:
  double add(std::string name, double value, std::string unit, std::string formula, std::string source) {
    all_.push_back({std::move(name), value, std::move(unit), std::move(formula), std::move(source)});
    return value;
  }
  const std::vector<Derivation>& all() const { return all_; }

 private:
  std::vector<Derivation> all_;
};

}  // namespace tacos::plan
