// Which files hold a split, by the patterns of a task's manifest.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/data/manifest.h"

namespace sojourn {

// What the studies are about: training in English, scoring elsewhere.
inline constexpr const char* kTrainingLanguage = "en";

// A pattern of the manifest with {split}, {language} and {code} filled in.
std::string expand_pattern(std::string pattern, const Manifest& manifest, const std::string& split,
                           const std::string& language);

// The files of a split in one language, by the manifest's names for them. For each file the first
// pattern that exists counts; one with * must match exactly one file. Optional files that aren't
// there are left out. `replaced`: patterns of a study instead of those of the manifest, for a split
// of one file. Throws Error(kInput) with every path tried.
std::map<std::string, std::filesystem::path> find_files(
    const Manifest& manifest, const std::string& split, const std::string& language,
    const std::filesystem::path& root, const std::vector<std::string>& replaced = {});

// The optional files of a split that aren't among those found.
std::vector<std::string> left_out(const Manifest& manifest, const std::string& split,
                                  const std::map<std::string, std::filesystem::path>& found);

// The languages of the manifest that have the files that the split needs, in the manifest's order;
// none where the task has no such split.
std::vector<std::string> languages_present(const Manifest& manifest, const std::string& split,
                                           const std::filesystem::path& root);

}  // namespace sojourn
