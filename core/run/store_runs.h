// Which entries of a stage store the runs need: one file in ROOT/runs for each run.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/run/store_entry.h"

namespace sojourn {

struct RunNeeds {
  std::filesystem::path note;  // the file
  std::filesystem::path run;   // the folder of the run
  std::set<EntryName> entries;
  bool kept = false;  // the run is still there, in that folder or in the making beside it
};

// In place of what the run in that folder needed before.
void write_needs(const std::filesystem::path& root, const std::filesystem::path& run,
                 const std::vector<EntryName>& entries);

// A run is also found where it was moved together with the store. Throws Error(kInput) for a file
// that isn't what write_needs() wrote.
std::vector<RunNeeds> read_needs(const std::filesystem::path& root);

// Sorted; none for a folder that isn't there.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace sojourn
