// The table for a paper.
#include <map>
#include <optional>

#include "core/report/report_lines.h"
#include "core/report/report_text.h"

namespace sojourn {

namespace {

using report::Json;

std::string latex(const std::string& text) {
  static const std::map<char, std::string> escapes{{'_', "\\_"},
                                                   {'&', "\\&"},
                                                   {'%', "\\%"},
                                                   {'#', "\\#"},
                                                   {'$', "\\$"},
                                                   {'{', "\\{"},
                                                   {'}', "\\}"},
                                                   {'~', "\\textasciitilde{}"},
                                                   {'^', "\\textasciicircum{}"},
                                                   {'\\', "\\textbackslash{}"}};
  std::string made;
  for (const char c : text) {
    const auto escape = escapes.find(c);
    made += escape == escapes.end() ? std::string(1, c) : escape->second;
  }
  return made;
}

const Json* finding_of(const Json& report, const Json& arm, const Json& target) {
  for (const auto& finding : report["groups"]) {
    if (finding["kind"] == "all" && finding["arm"] == arm && finding["target"] == target)
      return &finding;
  }
  return nullptr;
}

// The mean over languages and seeds of an arm in a target; nothing where a language is missing.
std::optional<double> mean_score(const Json& report, const Json& arm, const Json& target) {
  double sum = 0;
  std::size_t languages = 0;
  for (const auto& scores : report["scores"]) {
    if (scores["arm"] != arm || scores["target"] != target["name"]) continue;
    double of_language = 0;
    for (const auto& value : scores["values"]) of_language += value.get<double>();
    sum += of_language / static_cast<double>(scores["values"].size());
    ++languages;
  }
  if (languages == 0 || languages != target["languages"].size()) return std::nullopt;
  return sum / static_cast<double>(languages);
}

std::string score_cell(const std::optional<double>& score) {
  return score ? report::score_text(*score) : "--";
}

// "--" also for a mean over fewer languages than the baseline's.
std::string difference_cell(const Json* finding, std::size_t languages) {
  if (finding == nullptr || (*finding)["difference"].is_null()) return "--";
  if ((*finding)["languages"].size() < languages) return "--";
  std::string text = report::signed_text((*finding)["difference"]);
  if (text.front() == '-') text = "$-$" + text.substr(1);
  const auto& verdict = (*finding)["verdict"].get_ref<const std::string&>();
  if (verdict == "helps" || verdict == "harms") return "\\textbf{" + text + "}";
  if (verdict.starts_with("no difference")) return text + "$^{=}$";
  return text;
}

std::string row(const std::string& name, const std::vector<std::string>& cells) {
  std::string text = latex(name);
  for (const auto& cell : cells) text += " & " + cell;
  return text + " \\\\\n";
}

std::string baseline_row(const Json& report, const Json& arm) {
  std::vector<std::string> cells;
  std::optional<double> sum = 0;
  for (const auto& target : report["targets"]) {
    const auto score = mean_score(report, arm["name"], target);
    cells.push_back(score_cell(score));
    sum = sum && score ? std::optional(*sum + *score) : std::nullopt;
  }
  if (sum) *sum /= static_cast<double>(cells.size());
  cells.push_back(score_cell(sum));
  return row(arm["name"].get<std::string>(), cells);
}

}  // namespace

std::string report_latex(const Json& report) {
  const std::size_t targets = report["targets"].size();
  std::string text =
      "% Needs \\usepackage{booktabs}. Made by sojourn report.\n\\begin{table}\n\\centering\n"
      "\\begin{tabular}{l" +
      std::string(targets + 1, 'r') + "}\n\\toprule\n";
  std::vector<std::string> names;
  std::vector<std::string> metrics;
  for (const auto& target : report["targets"]) {
    names.push_back(latex(target["name"].get<std::string>()));
    metrics.push_back(latex(target["metric"].get<std::string>()));
  }
  names.emplace_back("Avg.");
  metrics.emplace_back("");
  text += row("", names) + row("Metric", metrics) + "\\midrule\n";
  for (const auto& arm : report["arms"]) {
    if (arm["name"] == arm["baseline"]) text += baseline_row(report, arm);
  }
  text += "\\midrule\n";
  for (const auto& arm : report["arms"]) {
    if (arm["name"] == arm["baseline"]) continue;
    std::vector<std::string> cells;
    bool whole = true;  // all that the baseline's mean is of
    for (const auto& target : report["targets"]) {
      cells.push_back(difference_cell(finding_of(report, arm["name"], target["name"]),
                                      target["languages"].size()));
      whole = whole && cells.back() != "--";
    }
    cells.push_back(whole ? difference_cell(finding_of(report, arm["name"], Json()), 0) : "--");
    text += row(arm["name"].get<std::string>(), cells);
  }
  text += "\\bottomrule\n\\end{tabular}\n\\caption{" + latex(report["study"].get<std::string>()) +
          ": scores of the baseline, and differences of the other arms to it, means over languages "
          "and " +
          std::to_string(report["seeds"].size()) +
          (report["seeds"].size() == 1 ? " seed" : " seeds") + ". Bold: not 0; $^{=}$: within " +
          report["margin"].dump() + " points; both at a false discovery rate of " +
          report["alpha"].dump() + ".}\n\\end{table}\n";
  return text;
}

}  // namespace sojourn
