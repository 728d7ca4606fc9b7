#pragma once

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "tacos-gateway/http/json_body.h"
#include "tacos-gateway/store/event_terms.h"

namespace tacos::gateway {

// What is wrong with terms, and with which of their members.
struct TermsError {
  std::string field;
  std::string message;
};
[[noreturn]] void throw_exception_from_error(const TermsError& error, const boost::source_location& where);

// Reads what an operator declares of an event from {"seats","admission_rate","admission_burst","opens_at","price",
// "currency"}; what is left out is as in `defaults`. "event_id" is taken where the caller wants it among them. A member
// of another name is an error, since it is a misspelt one.
boost::system::result<EventTerms, TermsError> read_event_terms(const JsonBody& json, const EventTerms& defaults,
                                                               bool with_event_id);

}  // namespace tacos::gateway
