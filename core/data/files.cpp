#include "core/data/files.h"

#include <algorithm>
#include <system_error>

#include <fnmatch.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

// All paths below `root` that match the pattern, whose parts may hold *; sorted.
std::vector<fs::path> matches(const fs::path& root, const std::string& pattern) {
  std::vector<fs::path> found{root};
  for (const auto& part : fs::path(pattern)) {
    std::vector<fs::path> next;
    for (const auto& folder : found) {
      if (part.string().find('*') == std::string::npos) {
        if (fs::exists(folder / part)) next.push_back(folder / part);
        continue;
      }
      std::error_code ignored;  // a file where a folder is looked for holds nothing
      for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (::fnmatch(part.c_str(), entry.path().filename().c_str(), FNM_PERIOD) == 0)
          next.push_back(entry.path());
      }
    }
    found = std::move(next);
  }
  std::sort(found.begin(), found.end());
  return found;
}

const std::vector<FileSpec>& files_of(const Manifest& manifest, const std::string& split) {
  const auto found = manifest.splits.find(split);
  if (found == manifest.splits.end()) {
    std::vector<std::string> names;
    for (const auto& entry : manifest.splits) names.push_back(entry.first);
    throw input_error("task '" + manifest.name + "'",
                      "has no split '" + split + "'; it has: " + join(names, ", "));
  }
  return found->second;
}

}  // namespace

std::string expand_pattern(std::string pattern, const Manifest& manifest, const std::string& split,
                           const std::string& language) {
  const auto code = manifest.codes.find(language);
  pattern = replace_all(std::move(pattern), "{code}",
                        code == manifest.codes.end() ? language : code->second);
  pattern = replace_all(std::move(pattern), "{language}", language);
  return replace_all(std::move(pattern), "{split}", split);
}

std::map<std::string, fs::path> find_files(const Manifest& manifest, const std::string& split,
                                           const std::string& language, const fs::path& root,
                                           const std::vector<std::string>& replaced) {
  if (!replaced.empty() && files_of(manifest, split).size() != 1) {
    throw input_error(replaced.front(), "can't replace the " + split + " data of task '" +
                                            manifest.name + "', which is in " +
                                            std::to_string(files_of(manifest, split).size()) +
                                            " files");
  }
  std::map<std::string, fs::path> files;
  std::vector<std::string> tried;
  const auto fail = [&] {
    const auto present = languages_present(manifest, split, root);
    throw input_error(
        tried.front(),
        "no such file, which task '" + manifest.name + "' needs for split " + split +
            ", language " + language +
            (tried.size() > 1 ? "; also tried " + join(std::span(tried).subspan(1), ", ") : "") +
            (present.empty() ? "" : "; languages there: " + join(present, " ")));
  };
  for (const auto& spec : files_of(manifest, split)) {
    if (!spec.optional) tried.clear();
    for (const auto& pattern : replaced.empty() ? spec.patterns : replaced) {
      const std::string relative = expand_pattern(pattern, manifest, split, language);
      const auto found = matches(root, relative);
      if (found.size() > 1) {
        throw input_error((root / relative).string(), "matches " + std::to_string(found.size()) +
                                                          " files, " + found[0].string() + " and " +
                                                          found[1].string() +
                                                          " among them; expected one");
      }
      if (!found.empty()) {
        files[spec.name] = found[0];
        break;
      }
      tried.push_back((root / relative).string());
    }
    if (!spec.optional && !files.contains(spec.name)) fail();
  }
  if (files.empty()) fail();
  return files;
}

std::vector<std::string> left_out(const Manifest& manifest, const std::string& split,
                                  const std::map<std::string, fs::path>& found) {
  std::vector<std::string> names;
  for (const auto& file : files_of(manifest, split)) {
    if (!found.contains(file.name)) names.push_back(file.name);
  }
  return names;
}

std::vector<std::string> languages_present(const Manifest& manifest, const std::string& split,
                                           const fs::path& root) {
  std::vector<std::string> present;
  if (!manifest.splits.contains(split)) return present;
  for (const auto& language : manifest.languages) {
    const auto& files = files_of(manifest, split);
    const auto exists = [&](const FileSpec& file) {
      return std::any_of(
          file.patterns.begin(), file.patterns.end(), [&](const std::string& pattern) {
            return !matches(root, expand_pattern(pattern, manifest, split, language)).empty();
          });
    };
    const bool complete = std::all_of(files.begin(), files.end(), [&](const FileSpec& file) {
      return file.optional || exists(file);
    });
    if (complete && std::any_of(files.begin(), files.end(), exists)) present.push_back(language);
  }
  return present;
}

}  // namespace sojourn
