#include "core/report/run_folder.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json read_manifest(const fs::path& file) {
  try {
    return Json::parse(read_file(file));
  } catch (const nlohmann::json::exception& error) {
    throw input_error(file.string(), std::string("not a manifest: ") + error.what());
  }
}

void mark_primary(const Declared& declared, std::vector<ResultRow>& rows) {
  for (ResultRow& row : rows) {
    const auto task = declared.tasks.find(row.task);
    if (task == declared.tasks.end()) continue;
    for (const MetricSpec& metric : task->second.metrics) {
      if (metric.name == row.metric && metric.profile == row.profile) row.primary = metric.primary;
    }
  }
}

std::vector<ResultRow> read_rows(const fs::path& file, const Declared& declared) {
  auto rows = parse_results(read_file(file), file.string());
  mark_primary(declared, rows);
  return rows;
}

}  // namespace

RunFolder read_run(const fs::path& folder) {
  for (const char* name : {"manifest.json", "study.toml", "results.jsonl"}) {
    if (!fs::is_regular_file(folder / name)) {
      throw input_error(folder.string(), std::string("has no ") + name +
                                             "; expected the folder of a run that came to its end");
    }
  }
  if (!fs::is_regular_file(folder / "declared.json")) {
    throw input_error(
        folder.string(),
        "has no declared.json: an older version made it. Run the study again with the "
        "same store; nothing is trained anew");
  }
  RunFolder run;
  run.path = folder;
  run.study = load_study(folder / "study.toml");
  run.declared = read_declared(folder / "declared.json");
  run.manifest = read_manifest(folder / "manifest.json");
  run.rows = read_rows(folder / "results.jsonl", run.declared);
  if (fs::is_regular_file(folder / "layers.jsonl"))
    run.layer_rows = read_rows(folder / "layers.jsonl", run.declared);
  return run;
}

namespace {

std::string run_text(const std::string& text) { return text.substr(0, 12); }

// What decides an encoder's numbers.
bool is_of_encoder(const std::string& file) {
  return file.ends_with(".safetensors") || file == "config.json" || file == "tokenizer.json" ||
         file == "sentencepiece.bpe.model";
}

// Data files of a run by their place below its data root, with their hashes.
std::map<std::string, std::string> data_files(const Json& manifest) {
  const fs::path root = manifest.at("data_root").get<std::string>();
  std::map<std::string, std::string> files;
  for (const auto& [file, hash] : manifest.at("data").items())
    files[fs::path(file).lexically_relative(root).generic_string()] = hash.get<std::string>();
  return files;
}

// The study as far as it bears on what both runs have: without places, and with the arms and
// targets that the other one has too.
std::string comparable(Study study, const Study& other) {
  const auto keep_common = [](auto& items, const auto& others) {
    std::erase_if(items, [&](const auto& item) {
      return std::none_of(others.begin(), others.end(),
                          [&](const auto& one) { return one.name == item.name; });
    });
  };
  keep_common(study.intermediates, other.intermediates);
  keep_common(study.targets, other.targets);
  for (Target& target : study.targets) target.languages.clear();
  return resolved_toml(without_places(std::move(study)));
}

// The first line in which two texts differ, with the table that it is in; "" where none does.
std::string first_difference(const std::string& a, const std::string& b) {
  std::istringstream lines_a(a);
  std::istringstream lines_b(b);
  std::string table;
  while (true) {
    std::string line_a;
    std::string line_b;
    const bool more_a = static_cast<bool>(std::getline(lines_a, line_a));
    const bool more_b = static_cast<bool>(std::getline(lines_b, line_b));
    if (!more_a && !more_b) return "";
    if (line_a != line_b) {
      const auto shown = [](bool more, const std::string& line) {
        return more && !line.empty() ? "'" + line + "'" : std::string("nothing");
      };
      return (table.empty() ? "" : table + ": ") + shown(more_b, line_b) + " instead of " +
             shown(more_a, line_a);
    }
    if (line_a.starts_with('[')) table = line_a;
  }
}

// Refuses a run that doesn't belong to one before it.
class JoinCheck {
 public:
  JoinCheck(const RunFolder& first, const RunFolder& other) : first_(first), other_(other) {}

  void check() const {
    check_study();
    check_encoder();
    check_data();
    check_metrics();
    check_recipes();
    check_declarations();
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw input_error(other_.path.string(),
                      "can't be joined with " + first_.path.string() + ": " + what);
  }

  void check_study() const {
    if (other_.study.name == first_.study.name) return;
    refuse("another study: '" + other_.study.name + "' instead of '" + first_.study.name + "'");
  }

  void check_encoder() const {
    const auto files = [](const RunFolder& run) {
      std::map<std::string, std::string> hashes;
      for (const auto& [file, hash] : run.manifest.at("encoder").at("sha256").items()) {
        if (is_of_encoder(file)) hashes[file] = hash.get<std::string>();
      }
      return hashes;
    };
    refuse_other_files("another encoder: ", files(first_), files(other_), /*all=*/true);
  }

  void check_data() const {
    refuse_other_files("other data: ", data_files(first_.manifest), data_files(other_.manifest),
                       /*all=*/false);
  }

  void refuse_other_files(const std::string& what,
                          const std::map<std::string, std::string>& of_first,
                          const std::map<std::string, std::string>& of_other, bool all) const {
    for (const auto& [file, hash] : of_other) {
      const auto found = of_first.find(file);
      if (found == of_first.end()) {
        if (all) refuse(what + file + " is there, and not in the other run");
      } else if (found->second != hash) {
        refuse(what + file + " has SHA-256 " + run_text(hash) + "... instead of " +
               run_text(found->second) + "...");
      }
    }
    if (!all) return;
    for (const auto& entry : of_first) {
      if (!of_other.contains(entry.first)) refuse(what + entry.first + " isn't there");
    }
  }

  void check_metrics() const {
    for (const auto& [task, metrics] : other_.declared.tasks) {
      const auto found = first_.declared.tasks.find(task);
      if (found != first_.declared.tasks.end() && !same_metrics(found->second, metrics))
        refuse("other metrics, or profiles of them, of task '" + task + "'");
    }
  }

  void check_recipes() const {
    const std::string difference = first_difference(comparable(first_.study, other_.study),
                                                    comparable(other_.study, first_.study));
    if (!difference.empty()) refuse("another recipe: " + difference);
  }

  void check_declarations() const {
    if (!same_declarations(first_.declared, other_.declared))
      refuse("another file of languages, which makes other groups");
  }

  const RunFolder& first_;
  const RunFolder& other_;
};

std::string cell_name(const ResultRow& row) {
  return row.arm + " " + (row.target.empty() ? "intermediate stage" : row.target) + " " +
         row.language + " " + row.split + " seed " + std::to_string(row.seed) + " " + row.metric;
}

// A cell in two runs must have one value; the later run's rows of it are dropped.
void drop_repeated(std::vector<RunFolder>& runs, std::vector<ResultRow> RunFolder::* rows,
                   bool by_layer) {
  const auto key = [&](const ResultRow& r) {  // one of all layers may differ in the best of them
    return std::tuple(r.arm, r.target, r.task, r.seed, r.language, r.split, r.metric, r.profile,
                      by_layer ? r.layer : std::nullopt);
  };
  using Key = decltype(key(std::declval<ResultRow>()));
  std::map<Key, std::pair<const RunFolder*, double>> values;
  for (RunFolder& run : runs) {
    std::erase_if(run.*rows, [&](const ResultRow& row) {
      const auto [found, fresh] = values.emplace(key(row), std::pair(&run, row.value));
      if (fresh) return false;
      if (found->second.second != row.value) {
        throw input_error(run.path.string(), "can't be joined with " +
                                                 found->second.first->path.string() +
                                                 ": another value for " + cell_name(row));
      }
      return true;
    });
  }
}

void add_notes(const RunFolder& run, const RunFolder& first, std::vector<std::string>& notes) {
  const std::string name = run.path.string();
  if (!run.manifest.at("complete").get<bool>())
    notes.push_back(name + " was interrupted: what it hasn't scored is missing here");
  for (const auto& failure : run.manifest.at("failed_stages"))
    notes.push_back(name +
                    ": a stage failed, its scores are missing: " + failure.get<std::string>());
  if (&run == &first) return;
  const auto note_difference = [&](const std::string& what, const std::string& its,
                                   const std::string& of_first) {
    if (its == of_first) return;
    notes.push_back(name + " was made with " + what + " " + its + ", " + first.path.string() +
                    " with " + of_first);
  };
  for (const char* key : {"sojourn", "libtorch", "cpu", "device", "precision", "threads"}) {
    note_difference(key, run.manifest.at("machine").at(key).dump(),
                    first.manifest.at("machine").at(key).dump());
  }
  const auto plugin_text = [](const Json& task) {
    return task.at("version").get<std::string>() + " (SHA-256 " +
           task.at("sha256").get<std::string>().substr(0, 12) + ")";
  };
  const Json& tasks_of_first = first.manifest.at("tasks");
  for (const auto& [task, its] : run.manifest.at("tasks").items()) {
    if (tasks_of_first.contains(task))
      note_difference("the plugin of " + task, plugin_text(its),
                      plugin_text(tasks_of_first.at(task)));
  }
}

}  // namespace

JoinedRuns join_runs(const std::vector<fs::path>& folders) {
  JoinedRuns joined;
  for (const auto& folder : folders) joined.runs.push_back(read_run(folder));
  const RunFolder& first = joined.runs.front();
  joined.declared = first.declared;
  std::set<std::string> arms;
  std::set<std::string> targets;
  std::set<std::uint64_t> seeds;
  for (const RunFolder& run : joined.runs) {
    // With all before it: the first one need not have what two others disagree on.
    for (const RunFolder& other : joined.runs) {
      if (&other == &run) break;
      JoinCheck(other, run).check();
    }
    if (&run != &first) {
      joined.declared.scores += run.declared.scores;
      joined.declared.scores_before += run.declared.scores_before;
    }
    joined.declared.tasks.insert(run.declared.tasks.begin(), run.declared.tasks.end());
    for (const auto& arm : arms_of(run.study)) {
      if (arms.insert(arm.name).second) joined.arms.push_back({arm.name, arm.baseline});
    }
    for (const auto& target : run.study.targets) {
      if (targets.insert(target.name).second) joined.targets.push_back(target);
    }
    seeds.insert(run.study.seeds.begin(), run.study.seeds.end());
    add_notes(run, first, joined.notes);
  }
  joined.seeds.assign(seeds.begin(), seeds.end());
  drop_repeated(joined.runs, &RunFolder::rows, false);
  drop_repeated(joined.runs, &RunFolder::layer_rows, true);
  return joined;
}

}  // namespace sojourn
