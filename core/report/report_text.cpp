#include "core/report/report_text.h"

#include <algorithm>

#include "core/report/report_lines.h"
#include "core/report/table.h"

namespace sojourn {

namespace {

using namespace report;  // NOLINT(google-build-using-namespace): the parts of a report's texts

constexpr std::size_t kPageWidth = 100;

std::string wrapped(const std::string& text) {
  std::string made;
  std::size_t column = 0;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::size_t word = end - start;
    if (column > 0) made += column + word + 1 > kPageWidth ? (column = 0, "\n") : (++column, " ");
    made += text.substr(start, word);
    column += word;
    start = end + 1;
  }
  return made + "\n";
}

std::string markdown_cell(const std::string& text) {
  std::string made;
  for (const char c : text) {
    if (c == '|') made += '\\';
    made += c;
  }
  return made;
}

std::string markdown_table(const Lines& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += '|';
    for (const auto& cell : lines[i]) text += " " + markdown_cell(cell) + " |";
    text += '\n';
    if (i > 0) continue;
    text += '|';
    for (std::size_t c = 0; c < lines[i].size(); ++c) text += "---|";
    text += '\n';
  }
  return text + "\n";
}

// What a language's line shows of an arm: the score of a baseline, of another arm the difference.
std::string language_cell(const Json& report, const Json& target, const Json& code,
                          const Json& arm) {
  std::string cell = "missing";
  for (const auto& finding : report["differences"]) {
    if (finding["target"] != target["name"] || finding["subject"] != code ||
        finding["arm"] != arm["name"])
      continue;
    cell = finding["verdict"].get<std::string>();
    if (!finding["difference"].is_null()) cell = difference_text(finding) + " " + cell;
  }
  if (arm["name"] != arm["baseline"]) return cell;
  for (const auto& scores : report["scores"]) {
    if (scores["target"] != target["name"] || scores["language"] != code ||
        scores["arm"] != arm["name"])
      continue;
    double sum = 0;
    for (const auto& value : scores["values"]) sum += value.get<double>();
    cell = score_text(sum / static_cast<double>(scores["values"].size()));
  }
  return cell;
}

// With a header: a line for each language of a target, a column for each arm.
Lines language_lines(const Json& report, const Json& target) {
  Lines lines{{"language", "group"}};
  for (const auto& arm : report["arms"]) {
    const auto name = arm["name"].get<std::string>();
    const bool baseline = arm["name"] == arm["baseline"];
    lines[0].push_back(name + (baseline ? "" : " - " + arm["baseline"].get<std::string>()));
  }
  for (const auto& language : report["languages"]) {
    const Json& code = language["code"];
    const Json& of_target = target["languages"];
    if (std::find(of_target.begin(), of_target.end(), code) == of_target.end()) continue;
    std::vector<std::string> line{
        code.get<std::string>(),
        language["group"].is_null() ? "-" : language["group"].get<std::string>()};
    for (const auto& arm : report["arms"]) line.push_back(language_cell(report, target, code, arm));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string csv_cell(const Json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return value.dump();
  auto text = value.get<std::string>();
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string verdict_page(const Json& report) {
  std::string text = "Study " + report["study"].get<std::string>() + "\n\n";
  if (report["targets"].size() > 1) {
    text += "Means over targets\n" + left_aligned(overall_lines(report)) + "\nBy target\n" +
            left_aligned(narrow_target_lines(report)) + "\n";
  } else {
    text += left_aligned(target_lines(report)) + "\n";
  }
  text += wrapped(legend_text(report));
  const std::string grouping = grouping_text(report);
  if (!grouping.empty()) text += wrapped(grouping);
  if (!report["hypotheses"].empty()) text += "\n" + left_aligned(hypothesis_lines(report));
  text += wrapped(declared_text(report));
  for (const auto& note : report["notes"]) text += wrapped("Note: " + note.get<std::string>());
  return text;
}

std::string report_markdown(const Json& report) {
  std::string text =
      "# " + report["study"].get<std::string>() + "\n\n## Verdict\n\n" +
      (report["targets"].size() > 1
           ? "Means over targets:\n\n" + markdown_table(overall_lines(report)) + "By target:\n\n"
           : "") +
      markdown_table(target_lines(report)) + legend_text(report) + "\n\n";
  const std::string grouping = grouping_text(report);
  if (!grouping.empty()) text += grouping + "\n\n";
  text += declared_text(report) + "\n\n";
  for (const auto& note : report["notes"]) text += "- " + note.get<std::string>() + "\n";
  if (!report["notes"].empty()) text += '\n';
  if (!report["hypotheses"].empty()) {
    text += "## Hypotheses\n\n" + markdown_table(hypothesis_lines(report));
    for (const auto& one : report["hypotheses"]) {
      if (one["claim"] == "") continue;
      text += "- " + one["name"].get<std::string>() + ": " + one["claim"].get<std::string>() +
              (one["source"] == "" ? "" : " (" + one["source"].get<std::string>() + ")") + "\n";
    }
    text += '\n';
  }
  text += "## Languages\n\nOf baselines the score, of other arms the difference.\n\n";
  for (const auto& target : report["targets"]) {
    text += "### " + target["name"].get<std::string>() + ": " +
            target["metric"].get<std::string>() + " (" + target["profile"].get<std::string>() +
            "), " + target["split"].get<std::string>() + "\n\n" +
            markdown_table(language_lines(report, target));
  }
  if (!report["replicated"].empty()) {
    text += "## In how many languages\n\nAt least, at 95 % confidence (Dror et al. 2017).\n\n" +
            markdown_table(replication_lines(report));
  }
  return text;
}

std::string report_csv(const Json& report) {
  const std::vector<std::string> keys{"kind",     "target",    "subject",        "arm",
                                      "baseline", "arm_score", "baseline_score", "difference",
                                      "low",      "high",      "examples_low",   "examples_high",
                                      "p",        "q",         "q_equivalence",  "verdict",
                                      "examples", "units"};
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? "" : ",") + key;
  text += ",seeds\r\n";
  for (const char* list : {"differences", "groups"}) {
    for (const auto& finding : report[list]) {
      std::string line;
      for (const auto& key : keys) {
        if (&key != &keys.front()) line += ',';
        if (key == "target" && finding["target"].is_null()) {
          line += "mean";
        } else if (finding.contains(key)) {
          line += csv_cell(finding[key]);
        }
      }
      text += line + "," +
              (finding.contains("seeds") ? std::to_string(finding["seeds"].size()) : "0") + "\r\n";
    }
  }
  return text;
}

}  // namespace sojourn
