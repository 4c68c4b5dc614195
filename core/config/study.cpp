#include "core/config/study.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/config/checks.h"
#include "core/config/extends.h"
#include "core/config/override.h"
#include "core/config/read.h"
#include "core/config/value.h"

namespace sojourn {

namespace {

// The place of "a.b.c", else of "a.b", else of "a"; null where none was written.
const std::string* place_of(const KeyPlaces& places, std::string_view key) {
  while (true) {
    const auto own = places.find(key);
    if (own != places.end()) return &own->second;
    const auto dot = key.rfind('.');
    if (dot == std::string_view::npos) return nullptr;
    key = key.substr(0, dot);
  }
}

// What the file may leave to other keys.
void complete(Intermediate& intermediate) {
  Sampling& sampling = intermediate.sampling;
  if (!intermediate.key_where.contains("sampling.by")) {
    if (!sampling.weights.empty()) {
      sampling.by = "weights";
    } else if (intermediate.joint) {
      sampling.by = "all";
    }
  }
  const auto tasks = intermediate.tasks();
  for (auto& data : intermediate.data) {
    if (data.task.empty() && tasks.size() == 1) data.task = tasks.front();
  }
}

}  // namespace

const std::string& Intermediate::where_of(std::string_view key) const {
  const auto* own = place_of(key_where, key);
  return own == nullptr ? where : *own;
}
const std::string& Target::where_of(std::string_view key) const {
  const auto* own = place_of(key_where, key);
  return own == nullptr ? where : *own;
}
const std::string& Hypothesis::where_of(std::string_view key) const {
  const auto* own = place_of(key_where, key);
  return own == nullptr ? where : *own;
}
const std::string& Study::where_of(std::string_view key) const {
  const auto* own = place_of(key_where, key);
  return own == nullptr ? where : *own;
}

std::vector<std::string> Intermediate::tasks() const {
  std::vector<std::string> all;
  for (const auto& stage : stages) {
    for (const auto& task : stage) {
      if (std::find(all.begin(), all.end(), task) == all.end()) all.push_back(task);
    }
  }
  return all;
}

Study load_study(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  config::Value document = config::read_extended(file);
  for (const auto& text : overrides) config::apply_override(text, document);
  if (const auto* extends = config::find_entry(*document.table(), "extends")) {
    throw input_error(extends->where, "a study extends another one in its file only");
  }
  Study study = config::read_study(document, file.parent_path());
  for (auto& intermediate : study.intermediates) complete(intermediate);
  for (auto& target : study.targets) {
    if (target.name.empty()) target.name = target.task;
  }
  config::check_study(study);
  return study;
}

}  // namespace sojourn
