// A study file, read: which arms to train, which targets to score, and with what recipe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sojourn {

// How one stage trains. In a file, [recipes.default] holds for every stage, and `recipe` in a
// stage's own table goes over it key by key.
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

  bool operator==(const Recipe&) const = default;
};

// Only so many first rows of a data set; nothing means all.
struct Limit {
  std::optional<std::int64_t> train;
  std::optional<std::int64_t> dev;
  std::optional<std::int64_t> test;

  bool operator==(const Limit&) const = default;
};

// Where keys were written: "configs/x.toml:12:1", or "--set KEY".
using KeyPlaces = std::map<std::string, std::string, std::less<>>;

// An arm of the study: an encoder trained on something before it goes to the targets.
struct Intermediate {
  std::string name;
  std::vector<std::string> train;  // exactly one task in this version
  Recipe recipe;
  Limit limit;

  std::string where;    // of its table
  KeyPlaces key_where;  // of the keys that were given

  // The place to name in a message about `key`: its own, else the table's.
  const std::string& where_of(std::string_view key) const;
};

struct Target {
  std::string name;  // the task's unless given
  std::string task;
  std::vector<std::string> train;           // empty: the task decides; at most one in this version
  std::vector<std::string> languages;       // empty: all that the data has
  std::vector<std::string> splits{"test"};  // "train", "dev" or "test"
  std::optional<std::int64_t> layer;        // negative counts from the last; nothing means -1
  std::string layers;                       // "all": a sweep, instead of layer
  std::string choose_on;                    // the language that decides it, where no dev split does
  Recipe recipe;
  Limit limit;

  std::string where;
  KeyPlaces key_where;

  const std::string& where_of(std::string_view key) const;
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
  Recipe default_recipe;  // [recipes.default]; the stages' recipes contain it already
  std::vector<Intermediate> intermediates;  // the arms beside "none"
  std::vector<Target> targets;              // at least one
  std::string baseline = kNoIntermediate;   // the arm that others are compared with

  std::string where;
  KeyPlaces key_where;  // keys of its tables as "encoder.path"

  std::vector<std::string> arms() const;  // "none" first, then as in the file
  const std::string& where_of(std::string_view key) const;
};

// Reads a study and checks everything that can be known without its data, encoder and tasks.
//
//   file       relative paths in it are relative to its folder
//   overrides  KEY=VALUE as in `--set`, later ones win. KEY is dotted; a [[target]] or
//   [[intermediate]]
//              is addressed by its name, else its task, else its number from 0:
//              "target.pos.limit.test=100". VALUE is TOML, and what isn't valid TOML is a string.
//              Relative paths are relative to the working directory. `epochs` replaces the `steps`
//              of the same table in the file, and the reverse.
//
// In paths a leading ~, $VAR and ${VAR} are expanded. Throws Error(kInput) with file, line and
// column or
// "--set KEY" for the first thing that is wrong: TOML syntax, an unknown key (with the nearest
// known one), a type, a range, a missing or contradictory key, a name used twice, an unset
// variable.
Study load_study(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});

// The study as TOML with defaults and overrides written out; equal studies give equal text. Paths
// stand as they were written, so the text says the same in the folder of the file that was read
// (but for relative paths from --set). A stage's recipe holds what differs from [recipes.default].
std::string resolved_toml(const Study& study);

}  // namespace sojourn
