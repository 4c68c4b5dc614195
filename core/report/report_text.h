// A report as text and tables. All take what report_json() made.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace sojourn {

// The verdict, the groups of languages and the hypotheses, for a terminal.
std::string verdict_page(const nlohmann::ordered_json& report);

// The same and the differences by language, as Markdown.
std::string report_markdown(const nlohmann::ordered_json& report);

// A booktabs table in the form of arXiv 2005.13013: the scores of the baseline by target, below
// them the differences of the other arms.
std::string report_latex(const nlohmann::ordered_json& report);

// A line for each difference, of languages and of groups: RFC 4180 with a header. Missing numbers
// are empty.
std::string report_csv(const nlohmann::ordered_json& report);

}  // namespace sojourn
