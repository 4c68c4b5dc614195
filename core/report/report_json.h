// report.json: everything that a report shows. The HTML page, the tables and the text are made from
// it and from nothing else.
#pragma once

#include <nlohmann/json.hpp>

#include "core/report/findings.h"
#include "core/report/run_folder.h"

namespace sojourn {

// Version of the format, its key "report".
inline constexpr int kReportFormat = 1;

// Throws Error(kInput) for a training curve that can't be read. Values are in percent, differences
// in points; what is missing is null. docs/report.md lists the keys.
nlohmann::ordered_json report_json(const JoinedRuns& runs, const Findings& findings);

// Parts of it: what the findings say, and what the runs were.
nlohmann::ordered_json findings_json(const JoinedRuns& runs, const Findings& findings);
nlohmann::ordered_json sources_json(const JoinedRuns& runs);

}  // namespace sojourn
