// A study file, read: which arms to train, which targets to score, and with what recipe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/task_options.h"
#include "core/config/adapter.h"

namespace sojourn {

// When a stage is evaluated on the English dev splits of its tasks, and what follows from it: the
// stage ends with the weights of its best evaluation.
struct Evaluation {
  std::optional<std::int64_t> every;     // optimizer steps; nothing: no evaluation
  std::optional<std::int64_t> limit;     // first examples of each dev split
  std::optional<std::int64_t> patience;  // stops after so many evaluations without improvement
  // Tasks of the stage whose primary metrics are averaged; those that it doesn't train don't count.
  // None left: all that have a dev split.
  std::vector<std::string> by;

  bool operator==(const Evaluation&) const = default;
};

// How one stage trains.
struct Recipe {
  std::int64_t batch_size = 32;   // features per optimizer step
  std::int64_t micro_batch = 32;  // features at once; more than batch_size counts as batch_size
  std::int64_t max_tokens = 128;
  double peak_lr = 2e-5;
  double warmup = 0.1;  // share of the steps, in [0, 1)
  double weight_decay = 0.01;
  double max_grad_norm = 1.0;
  double epochs = 2;                  // 0 where steps is given
  std::optional<std::int64_t> steps;  // optimizer steps
  Evaluation evaluate;
  Adapter adapter;
  TaskOptions options;  // of the task, see Manifest::options

  bool operator==(const Recipe&) const = default;
};

// A recipe as one table of a file has it. A number written as a list is a grid: each of its values
// makes arms; see arms_of().
struct PartialRecipe {
  using Number = std::variant<std::int64_t, double>;

  Recipe values;                                                 // only the given keys count
  std::set<std::string, std::less<>> given;                      // "peak_lr", "evaluate.every"
  std::map<std::string, std::vector<Number>, std::less<>> grid;  // keys that aren't among `given`

  // `base` with the given keys of this one; epochs replace steps, and the reverse.
  Recipe over(Recipe base) const;
};

// Only so many first rows of a data set; nothing means all.
struct Limit {
  std::optional<std::int64_t> train;
  std::optional<std::int64_t> dev;
  std::optional<std::int64_t> test;

  bool operator==(const Limit&) const = default;
};

// Which task a step of a stage with several tasks trains:
// - "size": one, drawn with probability ~ min(n, cap)^exponent, n its number of training features
// - "weights": one, drawn with probability ~ its weight
// - "all": a batch of every task, their weighted losses summed
struct Sampling {
  std::string by = "size";  // "all" where an intermediate is joint and doesn't say
  std::optional<std::int64_t> cap;
  double exponent = 1;
  // By task, at least 0, 1 where not named; those of a stage don't sum to 0.
  std::map<std::string, double> weights;

  bool operator==(const Sampling&) const = default;
};

// Other training data of one task than its manifest names, or data in other languages.
struct TaskData {
  std::string task;
  // Patterns below data.root with {language}, {code} and {split}, instead of those of the
  // manifest's train file; empty: as in the manifest.
  std::vector<std::string> train;
  std::vector<std::string> languages;  // trained on together; empty: the training language

  bool operator==(const TaskData&) const = default;
};

// Where keys were written: "configs/x.toml:12:1", or "--set KEY". Keys of tables within are dotted:
// "recipe.peak_lr", "sampling.weights.TASK"; those of `data` start with its number, "data.0.train".
using KeyPlaces = std::map<std::string, std::string, std::less<>>;

// An arm of the study, or more where its recipe is a grid: an encoder trained on something before
// it goes to the targets, or beside them.
struct Intermediate {
  std::string name;
  // The tasks of each stage, one after the other: `train` is one stage, `chain` several.
  std::vector<std::vector<std::string>> stages;
  // No stage of its own: the stage of every target trains these tasks beside its own.
  bool joint = false;
  // These four hold for each stage that trains the task. Those of a joint intermediate, but for
  // `data`, may name the tasks of targets, too.
  Sampling sampling;
  std::map<std::string, double> loss_weights;  // by task, greater than 0, 1 where not named
  // By task; tasks of one stage with one name share a head. Where not named: the task's own name.
  std::map<std::string, std::string> heads;
  std::vector<TaskData> data;  // each task once
  PartialRecipe recipe;
  Limit limit;

  std::string where;  // of its table
  KeyPlaces key_where;

  std::vector<std::string> tasks() const;  // of all stages, each once
  // The place to name in a message about `key`: its own, else that of the table it is in.
  const std::string& where_of(std::string_view key) const;
};

struct Target {
  std::string name;  // the task's unless given
  std::string task;
  std::vector<std::string> train;           // its own training set; empty: the task decides; one
  std::vector<std::string> languages;       // empty: all that the data has
  std::vector<std::string> splits{"test"};  // "train", "dev" or "test"
  std::optional<std::int64_t> layer;        // negative counts from the last; nothing means -1
  std::string layers;                       // "all": a sweep, which reports layer or chooses one
  std::string choose_on;                    // the language that decides it, where no dev split does
  PartialRecipe recipe;
  Limit limit;

  std::string where;
  KeyPlaces key_where;

  const std::string& where_of(std::string_view key) const;
};

// What is expected before any score is known, and then found or not.
struct Hypothesis {
  std::string name;
  std::string claim;                   // in words
  std::string arm;                     // of the study, with the values of its grids
  std::string baseline;                // what it is compared with; empty: the arm's own
  std::vector<std::string> targets;    // empty: all
  std::vector<std::string> languages;  // empty: all, or those of `group`
  std::string group;                   // of the study's grouping
  // Of the mean over targets of the mean difference over languages:
  //   "helps", "harms"  above, below 0
  //   "no harm", "no gain", "no difference"  above -margin, below margin, both
  std::string direction;
  std::optional<double> margin;     // points; nothing: that of the study
  std::optional<double> published;  // the difference that `source` found, in points
  std::string source;

  std::string where;
  KeyPlaces key_where;

  const std::string& where_of(std::string_view key) const;
};

// When a stage that isn't done is saved, so that it can go on from there. Changes no result.
struct Checkpointing {
  std::optional<std::int64_t> steps;  // optimizer steps
  double minutes = 10;

  bool operator==(const Checkpointing&) const = default;
};

// The arm whose targets start from the encoder as it is.
inline constexpr const char* kNoIntermediate = "none";

struct Study {
  std::int64_t schema = 1;
  std::string name;  // a folder's name
  std::vector<std::uint64_t> seeds{1};
  std::string keep = "intermediates";  // whose weights stay: or "all"
  std::filesystem::path encoder;       // expanded, and relative to the working directory
  std::filesystem::path data_root;     // the same
  std::string encoder_written;         // as in the file or in --set
  std::string data_root_written;
  Checkpointing checkpoint;
  PartialRecipe default_recipe;                                    // [recipes.default]
  std::map<std::string, PartialRecipe, std::less<>> task_recipes;  // [recipes.TASK]
  std::vector<Intermediate> intermediates;                         // the arms beside "none"
  std::vector<Target> targets;                                     // at least one
  // What arms are compared with: "none", or the name of an intermediate with the values of its own
  // grid, "a,peak_lr=1e-05".
  std::string baseline = kNoIntermediate;
  // The file of languages, and which of its columns groups them: see load_languages and
  // group_languages. Empty: no groups.
  std::filesystem::path languages;
  std::string languages_written;
  std::string measure;
  std::optional<double> low;   // up to here a language is in the group "low"
  std::optional<double> high;  // and from here in "high"
  double margin = 1;           // points; a smaller difference doesn't matter
  std::vector<Hypothesis> hypotheses;

  std::string where;
  KeyPlaces key_where;  // keys of its tables as "encoder.path"; those of stages are with these

  const std::string& where_of(std::string_view key) const;
};

// One arm, with one number for each key.
struct Arm {
  std::string name;      // "none", "a", "a,peak_lr=1e-05"
  std::string baseline;  // the arm to compare with: the study's at the same values of other grids
  std::optional<Intermediate> intermediate;
  PartialRecipe default_recipe;
  std::map<std::string, PartialRecipe, std::less<>> task_recipes;
  std::vector<Target> targets;
};

// Every arm: "none", then the intermediates as in the file; each with every combination of the
// values in the grids of its own recipe, then of [recipes.default], [recipes.TASK] by name and the
// targets. Values vary as written, the last key fastest; keys are in the order of
// docs/study.md, so that the order of lines in a file means nothing. The name says the values of
// all grids; where two are over one key, that of a stage or task is called "OWNER.key".
std::vector<Arm> arms_of(const Study& study);

// How a stage of these tasks trains: [recipes.default], over it the task's own recipe if the stage
// trains one task alone, over it the recipe of the stage.
Recipe stage_recipe(const Arm& arm, std::span<const std::string> tasks, const PartialRecipe& stage);

// The same for the data of one task of a stage with any number of tasks: batch_size, micro_batch,
// max_tokens, epochs and steps; the other keys belong to the stage.
Recipe task_recipe(const Arm& arm, const std::string& task, const PartialRecipe& stage);

// Reads a study and checks everything that can be known without its data, encoder and tasks.
//
//   file       relative paths in it are relative to its folder, also in a file that another one
//              extends
//   overrides  KEY=VALUE as in `--set`, later ones win. KEY is dotted; a [[target]] or
//              [[intermediate]] is addressed by its name, else its task, else its number from 0:
//              "target.pos.limit.test=100". VALUE is TOML, and what isn't valid TOML is a string.
//              Relative paths are relative to the working directory. `epochs` replaces the `steps`
//              of the same table in the file, and the reverse; so do `train` and `chain`.
//
// A file that extends another one is merged with it, table by table and key by key, before
// overrides apply; its own keys win, as overrides do. In paths a leading ~, $VAR and ${VAR} are
// expanded. Throws Error(kInput) with file, line and column or "--set KEY" for the first thing that
// is wrong: TOML syntax, an unknown key (with the nearest known one), a type, a range, a missing or
// contradictory key, a name used twice, an unset variable, a file that extends itself.
Study load_study(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});

// The study as TOML with defaults and overrides written out and nothing left to extend; equal
// studies give equal text, and reading it gives an equal study. Paths stand as they were written,
// so the text says the same in the folder of the file that was read (but for relative paths from
// --set). A stage's recipe holds what its table gave.
std::string resolved_toml(const Study& study);

// A JSON Schema (2020-12) of study files, for editors.
std::string study_schema();

}  // namespace sojourn
