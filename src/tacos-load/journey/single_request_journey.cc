#include "tacos-load/journey/single_request_journey.h"

#include <utility>

namespace tacos::load {

Method method_named(std::string_view name) {
  if (name == "POST") return Method::kPost;
  if (name == "DELETE") return Method::kDelete;
  return Method::kGet;
}

SingleRequestJourney::SingleRequestJourney(SingleRequestPlan plan)
    : plan_(std::move(plan)), method_(method_named(plan_.method)) {}

measure::StepId SingleRequestJourney::prepare(UserId, core::Nanos, Request& request) {
  request = Request{};
  request.method = method_;
  request.target = plan_.target;
  request.body = plan_.body;
  return 0;
}

measure::Outcome SingleRequestJourney::on_answer(UserId, measure::StepId, core::Nanos, core::Nanos,
                                                 const Response& response) {
  if (response.outcome != measure::Outcome::kOk) return response.outcome;
  const bool expected = plan_.expected_status != 0 ? response.status == plan_.expected_status
                                                   : response.status >= 200 && response.status < 400;
  return expected ? measure::Outcome::kOk : measure::Outcome::kHttpError;
}

}  // namespace tacos::load
