#pragma once

#include <string>

#include "tacos-load/doctor/assessment.h"

namespace tacos::load {

// What the doctor has to tell: what was read, what was measured, and what follows.
struct Diagnosis {
  MachineSurvey machine;
  MachineTimings timings;
  Assessment assessment;
};

// For a terminal of 80 columns. Long commands are continued with a backslash, so that they can be copied as they stand.
std::string doctor_text(const Diagnosis& diagnosis, bool colour);

// Schema tacos.doctor/1 (docs/schema/doctor-1.schema.json): keys may be added, none are renamed or dropped.
std::string doctor_json(const Diagnosis& diagnosis);

}  // namespace tacos::load
