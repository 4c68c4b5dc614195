#include "core/report/report_page.h"

#include <map>
#include <string_view>

#include "core/base/text.h"

namespace sojourn {

namespace page {

// The files of page/, and Apache ECharts, as the build embeds them.
extern const std::string_view kPage;
extern const std::string_view kStyle;
extern const std::string_view kParts;
extern const std::string_view kCharts;
extern const std::string_view kSections;
extern const std::string_view kEcharts;
extern const std::string_view kEchartsLicence;
extern const std::string_view kEchartsNotice;

}  // namespace page

namespace {

std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      default:
        made += c;
    }
  }
  return made;
}

// In a page, "</script" would end the script that the data stands in.
std::string data_text(const nlohmann::ordered_json& report) {
  return replace_all(report.dump(), "<", "\\u003c");
}

// The template with each {{NAME}} replaced; what is put in isn't looked at again.
std::string filled(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string made;
  while (true) {
    const auto start = text.find("{{");
    if (start == std::string_view::npos) return made.append(text);
    const auto end = text.find("}}", start);
    made.append(text.substr(0, start));
    made += values.at(std::string(text.substr(start + 2, end - start - 2)));
    text.remove_prefix(end + 2);
  }
}

}  // namespace

std::string report_page(const nlohmann::ordered_json& report) {
  return filled(
      page::kPage,
      {{"TITLE", escaped(report["study"].get<std::string>())},
       {"STYLE", std::string(page::kStyle)},
       {"DATA", data_text(report)},
       {"ECHARTS", std::string(page::kEcharts)},
       {"ECHARTS_VERSION", SOJOURN_ECHARTS_VERSION},
       {"ECHARTS_LICENCE", escaped(page::kEchartsNotice) + "\n" + escaped(page::kEchartsLicence)},
       {"SCRIPT",
        std::string(page::kParts) + std::string(page::kCharts) + std::string(page::kSections)}});
}

}  // namespace sojourn
