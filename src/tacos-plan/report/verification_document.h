#pragma once

#include <string>

#include "tacos-plan/document/document.h"
#include "tacos-plan/proof/calibration.h"
#include "tacos-plan/proof/promise_check.h"

namespace tacos::plan {

// The plan beside the run, promise by promise; those broken first.
Document verification_document(const Plan& plan, const PlanVerification& verification, const std::string& run_name,
                               const std::string& command);
// Schema tacos.plan-verification/1.
std::string verification_json(const Plan& plan, const PlanVerification& verification, const std::string& run_name);

// What was measured beside what a plan would have assumed, and what the runs could not tell.
Document calibration_document(const Calibration& calibration, const std::string& command);

}  // namespace tacos::plan
