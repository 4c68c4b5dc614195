// A study file in a folder of its own, for one test.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/base/text.h"
#include "core/config/study.h"

namespace sojourn::testing {

class StudyFile {
 public:
  explicit StudyFile(const std::string& text) { write_file(path(), text); }

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path path() const { return folder() / "study.toml"; }
  Study load(const std::vector<std::string>& overrides = {}) const {
    return load_study(path(), overrides);
  }

  // Another file beside it.
  void add(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder() / name).parent_path());
    write_file(folder() / name, text);
  }

  // What load() complains about, with the file called FILE and its folder DIR; "" where it doesn't.
  std::string error(const std::vector<std::string>& overrides = {}) const {
    try {
      load(overrides);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) return "not the kind for bad input";
      const std::string text = replace_all(error.what(), path().string(), "FILE");
      return replace_all(text, folder().string(), "DIR");
    }
    return "";
  }

 private:
  TemporaryDirectory folder_;
};

// Everything but the places, which name the file. [recipes.default] counts with its defaults.
inline bool same(const Study& a, const Study& b) {
  const auto same_recipe = [](const PartialRecipe& x, const PartialRecipe& y) {
    return x.over({}) == y.over({}) && x.grid == y.grid;
  };
  const auto same_own_recipe = [&](const PartialRecipe& x, const PartialRecipe& y) {
    return x.given == y.given && same_recipe(x, y);
  };
  const auto same_task = [&](const auto& x, const auto& y) {
    return x.first == y.first && same_own_recipe(x.second, y.second);
  };
  const auto same_stage = [&](const auto& x, const auto& y) {
    return x.name == y.name && same_own_recipe(x.recipe, y.recipe) && x.limit == y.limit;
  };
  const auto same_intermediate = [&](const Intermediate& x, const Intermediate& y) {
    return same_stage(x, y) && x.stages == y.stages && x.joint == y.joint &&
           x.sampling == y.sampling && x.loss_weights == y.loss_weights && x.heads == y.heads &&
           x.data == y.data;
  };
  const auto same_target = [&](const Target& x, const Target& y) {
    return same_stage(x, y) && x.task == y.task && x.train == y.train &&
           x.languages == y.languages && x.splits == y.splits && x.layer == y.layer &&
           x.layers == y.layers && x.choose_on == y.choose_on;
  };
  const auto all = [](const auto& x, const auto& y, const auto& same_item) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same_item);
  };
  return a.schema == b.schema && a.name == b.name && a.seeds == b.seeds && a.keep == b.keep &&
         a.encoder == b.encoder && a.data_root == b.data_root && a.baseline == b.baseline &&
         a.checkpoint == b.checkpoint && same_recipe(a.default_recipe, b.default_recipe) &&
         all(a.task_recipes, b.task_recipes, same_task) &&
         all(a.intermediates, b.intermediates, same_intermediate) &&
         all(a.targets, b.targets, same_target);
}

// The shortest study that is one.
inline std::string minimal_study() {
  return R"(schema = 1
name = "tiny"
[encoder]
path = "enc"
[data]
root = "data"
[[target]]
task = "tags"
)";
}

// The shortest study with more in its target, or after it.
inline std::string error_after(const std::string& more,
                               const std::vector<std::string>& overrides = {}) {
  return StudyFile(minimal_study() + more).error(overrides);
}

}  // namespace sojourn::testing
