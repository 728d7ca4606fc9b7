#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "tacos-gateway/store/event_terms.h"

namespace tacos::gateway {

// Reads the file of --events: {"schema": "tacos.events/1", "events": [{"event_id": …, "seats": …}, …]}, described by
// docs/schema/events-1.schema.json. What an event leaves out is as in `defaults`. An error names the file and the JSON
// pointer.
core::Result<std::vector<EventTerms>> read_events_file(const std::string& path, const EventTerms& defaults);
// The same of a text. path is for the messages only.
core::Result<std::vector<EventTerms>> parse_events(std::string_view text, std::string_view path,
                                                   const EventTerms& defaults);

}  // namespace tacos::gateway
