#include "core/report/report_lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

namespace sojourn::report {

namespace {

std::string fixed(double value, const char* format) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), format, value);
  std::string shown = text.data();
  if (shown.find_first_of("123456789") == std::string::npos && shown.starts_with('-'))
    return (format[1] == '+' ? "+" : "") + shown.substr(1);  // no -0.0
  return shown;
}

std::string joined(const Json& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string number_text(const Json& value, const char* format = "%.3f") {
  return value.is_null() ? "-" : fixed(value.get<double>(), format);
}

// "2 of 3".
std::string share_text(const Json& some, const Json& all) {
  return std::to_string(some.size()) + " of " + std::to_string(all.size());
}

// "arm - baseline".
std::string comparison_text(const Json& finding) {
  return finding["arm"].get<std::string>() + " - " + finding["baseline"].get<std::string>();
}

// Of an arm among those of the report, by the text of its comparison.
std::size_t arm_place(const Json& report, const std::string& comparison) {
  std::size_t place = 0;
  for (const auto& arm : report["arms"]) {
    if (arm["name"].get<std::string>() + " - " + arm["baseline"].get<std::string>() == comparison)
      break;
    ++place;
  }
  return place;
}

std::string about_text(const Json& hypothesis) {
  std::string text = comparison_text(hypothesis);
  const auto& group = hypothesis["group"].get_ref<const std::string&>();
  if (!group.empty()) text += ", " + group;
  if (!hypothesis["about_languages"].empty()) text += ", " + joined(hypothesis["about_languages"]);
  if (hypothesis["targets"].size() < hypothesis["about_targets"].size())
    text += ", in " + share_text(hypothesis["targets"], hypothesis["about_targets"]) + " targets";
  return text;
}

// Which languages a finding is about: "all", or "all (2 of 4)" where an arm lacks some.
std::string subject_text(const Json& report, const Json& finding) {
  auto text = finding["subject"].get<std::string>();
  if (finding["kind"] != "all" || finding["difference"].is_null()) return text;
  std::set<std::string> all;
  for (const auto& target : report["targets"]) {
    if (!finding["target"].is_null() && finding["target"] != target["name"]) continue;
    for (const auto& language : target["languages"]) all.insert(language.get<std::string>());
  }
  const std::size_t n = finding["languages"].size();
  if (n < all.size()) text += " (" + std::to_string(n) + " of " + std::to_string(all.size()) + ")";
  return text;
}

}  // namespace

std::string score_text(const Json& value) { return number_text(value, "%.1f"); }
std::string signed_text(const Json& value) { return number_text(value, "%+.1f"); }

std::string difference_text(const Json& finding) {
  std::string text = signed_text(finding["difference"]);
  const auto interval = [&](const char* low, const char* high) {
    return " [" + signed_text(finding[low]) + ", " + signed_text(finding[high]) + "]";
  };
  if (finding["difference"].is_null()) return text;
  if (!finding["low"].is_null()) return text + interval("low", "high");
  return text + interval("examples_low", "examples_high") + " by examples alone";
}

std::string declared_text(const Json& report) {
  const auto before = report["declared"]["scores_before"].get<std::int64_t>();
  const auto all = report["declared"]["scores"].get<std::int64_t>();
  if (before == 0)
    return "Baseline, margin, groups and hypotheses were written down before any score was known.";
  return "Baseline, margin, groups and hypotheses were written down when " +
         std::to_string(before) + " of " + std::to_string(all) +
         " scores were known already: read them as found afterwards.";
}

std::string grouping_text(const Json& report) {
  const Json& grouping = report["grouping"];
  if (grouping["measure"].get_ref<const std::string&>().empty()) return "";
  std::string text = "Groups by " + grouping["measure"].get<std::string>() + ", " +
                     grouping["about"].get<std::string>() + ".";
  for (const auto& group : grouping["groups"]) {
    text += " " + group["name"].get<std::string>() + " (" + group["rule"].get<std::string>() +
            "): " + (group["languages"].empty() ? "none" : joined(group["languages"])) + ".";
  }
  if (!grouping["ungrouped"].empty())
    text += " In no group, since nothing is known of them: " + joined(grouping["ungrouped"]) + ".";
  return text;
}

std::string legend_text(const Json& report) {
  const std::string margin = number_text(report["margin"], "%g");
  std::string text =
      "Differences are in points, with 95 % intervals over seeds and test examples. Helps, harms: "
      "not 0; no difference beyond the margin: within " +
      margin +
      " points by two one-sided tests, which is where a 90 % interval lies within; each at a false "
      "discovery rate of " +
      number_text(report["alpha"], "%g") +
      " over all languages, and over all means. Undecided: the data say neither.";
  if (report["seeds"].size() == 1)
    text +=
        " With one seed nothing can be said of how training varies, so that every verdict is "
        "undecided.";
  return text;
}

std::string verdict_word(const Json& finding) {
  auto word = finding["verdict"].get<std::string>();
  if (finding["kind"] != "contrast") return word;
  if (word == "harms") return "low fares worse than high";
  if (word == "helps") return "low fares better than high";
  return word;
}

Lines overall_lines(const Json& report) {
  Lines lines{{"arm", "languages", "targets", "difference", "verdict"}};
  for (const auto& finding : report["groups"]) {
    if (!finding["target"].is_null()) continue;
    lines.push_back({comparison_text(finding), subject_text(report, finding),
                     share_text(finding["targets"], report["targets"]), difference_text(finding),
                     verdict_word(finding)});
  }
  return lines;
}

Lines target_lines(const Json& report) {
  Lines lines{{"target", "arm", "languages", "difference", "verdict"}};
  for (const auto& finding : report["groups"]) {
    if (finding["target"].is_null()) continue;
    lines.push_back({finding["target"].get<std::string>(), comparison_text(finding),
                     subject_text(report, finding), difference_text(finding),
                     verdict_word(finding)});
  }
  return lines;
}

Lines narrow_target_lines(const Json& report) {
  Lines lines{{"arm", "languages"}};
  for (const auto& target : report["targets"])
    lines[0].push_back(target["name"].get<std::string>());
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const auto& finding : report["groups"]) {
    if (finding["target"].is_null()) continue;
    const auto subject = finding["subject"].get<std::string>();
    const auto [place, fresh] =
        places.emplace(std::pair(finding["arm"].get<std::string>(), subject), lines.size());
    if (fresh) {
      lines.push_back({comparison_text(finding), subject});
      lines.back().resize(lines[0].size(), "-");
    }
    const auto column =
        std::find(lines[0].begin() + 2, lines[0].end(), finding["target"].get<std::string>());
    const auto verdict = finding["verdict"].get<std::string>();
    std::string mark = verdict == "helps" || verdict == "harms" ? " " + verdict : "";
    if (finding["kind"] == "contrast" && !mark.empty())
      mark = verdict == "harms" ? " worse" : " better";
    if (verdict.starts_with("no difference")) mark = " same";
    lines[place->second][static_cast<std::size_t>(column - lines[0].begin())] =
        signed_text(finding["difference"]) + mark;
  }
  // An arm's lines stand together.
  std::stable_sort(lines.begin() + 1, lines.end(), [&](const auto& a, const auto& b) {
    return arm_place(report, a[0]) < arm_place(report, b[0]);
  });
  return lines;
}

Lines hypothesis_lines(const Json& report) {
  Lines lines{{"hypothesis", "expected", "of", "found", "published", "outcome"}};
  for (const auto& hypothesis : report["hypotheses"]) {
    lines.push_back({hypothesis["name"].get<std::string>(),
                     hypothesis["direction"].get<std::string>(), about_text(hypothesis),
                     difference_text(hypothesis), signed_text(hypothesis["published"]),
                     hypothesis["outcome"].get<std::string>()});
  }
  return lines;
}

Lines replication_lines(const Json& report) {
  Lines lines{{"arm", "target", "languages", "helps in at least", "harms in at least"}};
  for (const auto& one : report["replicated"]) {
    lines.push_back({one["arm"].get<std::string>(), one["target"].get<std::string>(),
                     std::to_string(one["languages"].get<std::size_t>()),
                     std::to_string(one["helps"].get<std::size_t>()),
                     std::to_string(one["harms"].get<std::size_t>())});
  }
  return lines;
}

}  // namespace sojourn::report
