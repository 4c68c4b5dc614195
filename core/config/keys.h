// Every key of a study file: its name, what it takes, and the member it fills. Reading, the check
// for unknown keys and writing a study back all follow these tables; defaults are those of the
// structs.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/config/study.h"

namespace sojourn::config {

// The numbers a key takes: whole bounds, of which the lower one is finite. Infinities and NaN never
// fit.
struct Range {
  double min = 0;
  double max = std::numeric_limits<double>::infinity();
  bool min_open = false;
  bool max_open = false;
};

enum class Words : std::uint8_t {
  kAny,         // any but the empty string
  kFolderName,  // letters, digits, '-', '_', '.', not starting with '.'
  kSplit,       // train, dev or test
  kKeep,        // intermediates or all
  kLayers,      // all
};

struct Rule {
  bool required = false;
  Range range = {};
  Words words = Words::kAny;
  bool or_one = false;    // a list of one may be written as its item
  bool one_task = false;  // a list that holds one item in this version
  bool may_be_empty = false;
};

template <class T>
struct Key;

// The keys of a table; a nested table of these fills members of the same struct.
template <class T>
using Keys = std::span<const Key<T>>;

template <class T>
struct PathMember {
  std::filesystem::path T::* resolved;
  std::string T::* written;
};

// The type of a key is that of its member.
template <class T>
using Member = std::variant<std::int64_t T::*, std::optional<std::int64_t> T::*, double T::*,
                            std::string T::*, std::vector<std::string> T::*,
                            std::vector<std::uint64_t> T::*, PathMember<T>, Recipe T::*, Limit T::*,
                            std::vector<Intermediate> T::*, std::vector<Target> T::*, Keys<T>>;

template <class T>
struct Key {
  std::string_view name;
  Member<T> member;
  Rule rule = {};
};

inline constexpr Range kPositive = {.min = 0, .min_open = true};
inline constexpr Range kCount = {.min = 1};

inline constexpr std::array kRecipeKeys = {
    Key<Recipe>{"batch_size", &Recipe::batch_size, {.range = {.min = 1, .max = 1e6}}},
    Key<Recipe>{"micro_batch", &Recipe::micro_batch, {.range = {.min = 1, .max = 1e6}}},
    Key<Recipe>{"max_tokens", &Recipe::max_tokens, {.range = {.min = 8, .max = 1e6}}},
    Key<Recipe>{"peak_lr", &Recipe::peak_lr, {.range = kPositive}},
    Key<Recipe>{"warmup", &Recipe::warmup, {.range = {.min = 0, .max = 1, .max_open = true}}},
    Key<Recipe>{"weight_decay", &Recipe::weight_decay, {.range = {.min = 0}}},
    Key<Recipe>{"max_grad_norm", &Recipe::max_grad_norm, {.range = kPositive}},
    Key<Recipe>{"epochs", &Recipe::epochs, {.range = kPositive}},
    Key<Recipe>{"steps", &Recipe::steps, {.range = kCount}},
};

inline constexpr std::array kLimitKeys = {
    Key<Limit>{"train", &Limit::train, {.range = kCount}},
    Key<Limit>{"dev", &Limit::dev, {.range = kCount}},
    Key<Limit>{"test", &Limit::test, {.range = kCount}},
};

inline constexpr std::array kIntermediateKeys = {
    Key<Intermediate>{"name", &Intermediate::name, {.required = true, .words = Words::kFolderName}},
    Key<Intermediate>{"train", &Intermediate::train, {.required = true, .one_task = true}},
    Key<Intermediate>{"recipe", &Intermediate::recipe},
    Key<Intermediate>{"limit", &Intermediate::limit},
};

inline constexpr std::array kTargetKeys = {
    Key<Target>{"name", &Target::name, {.words = Words::kFolderName}},
    Key<Target>{"task", &Target::task, {.required = true, .words = Words::kFolderName}},
    Key<Target>{"train", &Target::train, {.one_task = true}},
    Key<Target>{"languages", &Target::languages},
    Key<Target>{"split", &Target::splits, {.words = Words::kSplit, .or_one = true}},
    Key<Target>{"layer", &Target::layer, {.range = {.min = -1000, .max = 1000}}},
    Key<Target>{"layers", &Target::layers, {.words = Words::kLayers}},
    Key<Target>{"choose_on", &Target::choose_on, {.words = Words::kFolderName}},
    Key<Target>{"recipe", &Target::recipe},
    Key<Target>{"limit", &Target::limit},
};

inline constexpr std::array kEncoderKeys = {
    Key<Study>{
        "path", PathMember<Study>{&Study::encoder, &Study::encoder_written}, {.required = true}},
};
inline constexpr std::array kDataKeys = {
    Key<Study>{"root",
               PathMember<Study>{&Study::data_root, &Study::data_root_written},
               {.required = true}},
};
inline constexpr std::array kRecipesKeys = {
    Key<Study>{"default", &Study::default_recipe},
};
inline constexpr std::array kReportKeys = {
    Key<Study>{"baseline", &Study::baseline, {.words = Words::kFolderName}},
};

// In the order of reading and writing: the default recipe before the stages that start from it.
inline constexpr std::array kStudyKeys = {
    Key<Study>{"schema", &Study::schema, {.required = true, .range = {.min = 1, .max = 1}}},
    Key<Study>{"name", &Study::name, {.required = true, .words = Words::kFolderName}},
    Key<Study>{"seeds", &Study::seeds, {.range = {.min = 0}}},
    Key<Study>{"keep", &Study::keep, {.words = Words::kKeep}},
    Key<Study>{"encoder", Keys<Study>(kEncoderKeys), {.required = true}},
    Key<Study>{"data", Keys<Study>(kDataKeys), {.required = true}},
    Key<Study>{"recipes", Keys<Study>(kRecipesKeys)},
    Key<Study>{"intermediate", &Study::intermediates, {.may_be_empty = true}},
    Key<Study>{"target", &Study::targets, {.required = true}},
    Key<Study>{"report", Keys<Study>(kReportKeys)},
};

}  // namespace sojourn::config
