// What the texts of a report have in common: numbers, and the rows that several of them show.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sojourn::report {

using Json = nlohmann::ordered_json;
using Lines = std::vector<std::vector<std::string>>;

// One decimal; "-" for null. With a sign for differences.
std::string score_text(const Json& value);
std::string signed_text(const Json& value);
// "+1.2 [-0.3, +2.7]"; with one seed, of which there is no other interval, "+1.2 [+0.2, +2.3] by
// examples alone"; "-" where it is missing.
std::string difference_text(const Json& finding);

// When what is compared was laid down, in a sentence.
std::string declared_text(const Json& report);
// How the languages are grouped, and which are in no group; "" without a grouping.
std::string grouping_text(const Json& report);
// What a verdict means at this margin and rate of false discoveries.
std::string legend_text(const Json& report);

// The word of a finding; of "low - high" what it says of these two.
std::string verdict_word(const Json& finding);

// With a header: for each arm, what it does to all languages and to each group, as the mean over
// the targets that have such languages (of several) or in each target.
Lines overall_lines(const Json& report);
Lines target_lines(const Json& report);
// With a header: the same of the targets in a narrow form, a column for each.
Lines narrow_target_lines(const Json& report);
// With a header: each hypothesis, what became of it, and on what numbers.
Lines hypothesis_lines(const Json& report);
// With a header: in how many languages an arm helps and harms.
Lines replication_lines(const Json& report);

}  // namespace sojourn::report
