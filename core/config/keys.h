// Every key of a study file: its name, what it means, what it takes, and the member it fills.
// Reading, the check for unknown keys, writing a study back and its JSON Schema all follow these
// tables; defaults are those of the structs.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

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
  kSplit,
  kKeep,
  kLayers,
  kSampling,
  kAdapter,
  kDirection,
};

struct Rule {
  bool required = false;
  std::string_view rival = {};  // a key of the same table: not both, and if required, one of them
  Range range = {};
  Words words = Words::kAny;
  bool or_one = false;    // a list of one may be written as its item
  bool one_task = false;  // a list that holds one item
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

using Stages = std::vector<std::vector<std::string>>;

// The tasks of the only stage.
template <class T>
struct OneStage {
  Stages T::* stages;
};

// The file that this one extends: done with before anything else is read.
struct Extends {};

template <class V>
using ByName = std::map<std::string, V>;
// A key without a name stands for all that the table doesn't name otherwise.
using RecipesByTask = std::map<std::string, PartialRecipe, std::less<>>;

// The type of a key is that of its member.
template <class T>
using Member =
    std::variant<std::int64_t T::*, std::optional<std::int64_t> T::*, double T::*,
                 std::optional<double> T::*, bool T::*, std::string T::*,
                 std::vector<std::string> T::*, std::vector<std::uint64_t> T::*, PathMember<T>,
                 Extends, OneStage<T>, Stages T::*, ByName<double> T::*, ByName<std::string> T::*,
                 TaskOptions T::*, std::vector<std::int64_t> T::*, Evaluation T::*, Adapter T::*,
                 PartialRecipe T::*, RecipesByTask T::*, Limit T::*, Sampling T::*,
                 Checkpointing T::*, std::vector<TaskData> T::*, std::vector<Intermediate> T::*,
                 std::vector<Target> T::*, std::vector<Hypothesis> T::*, Keys<T>>;

template <class T>
struct Key {
  std::string_view name;
  std::string_view meaning;  // one line
  Member<T> member;
  Rule rule = {};
};

inline constexpr Range kPositive = {.min = 0, .min_open = true};
inline constexpr Range kCount = {.min = 1};
inline constexpr Range kAnyNumber = {.min = -std::numeric_limits<double>::infinity()};

inline constexpr std::array kEvaluationKeys = {
    Key<Evaluation>{"every",
                    "Optimizer steps between evaluations on the English dev splits",
                    &Evaluation::every,
                    {.range = kCount}},
    Key<Evaluation>{
        "limit", "First examples of each dev split", &Evaluation::limit, {.range = kCount}},
    Key<Evaluation>{"patience",
                    "Evaluations without improvement after which the stage stops",
                    &Evaluation::patience,
                    {.range = kCount}},
    Key<Evaluation>{"by", "Tasks whose primary metrics are averaged", &Evaluation::by},
};

inline constexpr std::array kAdapterKeys = {
    Key<Adapter>{"kind",
                 "Train low-rank matrices beside frozen weights, or the weights themselves",
                 &Adapter::kind,
                 {.words = Words::kAdapter}},
    Key<Adapter>{"rank", "Of the product of the two matrices", &Adapter::rank, {.range = kCount}},
    Key<Adapter>{"alpha", "The product counts alpha / rank", &Adapter::alpha, {.range = kPositive}},
    Key<Adapter>{"dropout",
                 "Of what the matrices see, in training",
                 &Adapter::dropout,
                 {.range = {.min = 0, .max = 1, .max_open = true}}},
    Key<Adapter>{"targets", "Modules that get such matrices, by the end of their names",
                 &Adapter::targets},
    Key<Adapter>{
        "layers",
        "Layers whose modules get them: \"all\", or numbers, k for what makes hidden state k",
        &Adapter::layers,
        {.range = kCount}},
    Key<Adapter>{"merge", "Add the product to the weights once they are trained", &Adapter::merge},
};

inline constexpr std::array kRecipeKeys = {
    Key<Recipe>{"batch_size",
                "Features per optimizer step",
                &Recipe::batch_size,
                {.range = {.min = 1, .max = 1e6}}},
    Key<Recipe>{"micro_batch",
                "Features at once; results change by rounding only",
                &Recipe::micro_batch,
                {.range = {.min = 1, .max = 1e6}}},
    Key<Recipe>{"max_tokens",
                "Pieces per window, special tokens included",
                &Recipe::max_tokens,
                {.range = {.min = 8, .max = 1e6}}},
    Key<Recipe>{"peak_lr",
                "Learning rate at the end of the warm-up",
                &Recipe::peak_lr,
                {.range = kPositive}},
    Key<Recipe>{"warmup",
                "Share of the steps in which the learning rate rises",
                &Recipe::warmup,
                {.range = {.min = 0, .max = 1, .max_open = true}}},
    Key<Recipe>{"weight_decay",
                "AdamW's, on all but biases and layer norms",
                &Recipe::weight_decay,
                {.range = {.min = 0}}},
    Key<Recipe>{"max_grad_norm",
                "The gradient of a step is scaled down to this norm",
                &Recipe::max_grad_norm,
                {.range = kPositive}},
    Key<Recipe>{"epochs", "Passes over the training set", &Recipe::epochs, {.range = kPositive}},
    Key<Recipe>{"steps",
                "Optimizer steps, instead of epochs",
                &Recipe::steps,
                {.rival = "epochs", .range = kCount}},
    Key<Recipe>{"evaluate", "Evaluation while training: the stage ends with its best weights",
                &Recipe::evaluate},
    Key<Recipe>{"adapter", "What is trained instead of the encoder's weights", &Recipe::adapter},
    Key<Recipe>{"options", "What the task itself can be told, by name", &Recipe::options},
};

inline constexpr std::array kLimitKeys = {
    Key<Limit>{"train", "First rows of the training set", &Limit::train, {.range = kCount}},
    Key<Limit>{"dev", "First rows of the dev split", &Limit::dev, {.range = kCount}},
    Key<Limit>{"test", "First rows of the test split", &Limit::test, {.range = kCount}},
};

inline constexpr std::array kSamplingKeys = {
    Key<Sampling>{"by", "How a step chooses its task", &Sampling::by, {.words = Words::kSampling}},
    Key<Sampling>{"cap",
                  "by = \"size\": a larger training set counts as this large",
                  &Sampling::cap,
                  {.range = kCount}},
    Key<Sampling>{"exponent",
                  "by = \"size\": the power of the size that tasks are drawn by",
                  &Sampling::exponent,
                  {.range = {.min = 0}}},
    Key<Sampling>{"weights", "By task; 1 where not named", &Sampling::weights},
};

inline constexpr std::array kTaskDataKeys = {
    Key<TaskData>{"task", "The task, where several are trained", &TaskData::task},
    Key<TaskData>{"train",
                  "Training files below data.root, with {language}, {code} and {split}",
                  &TaskData::train,
                  {.or_one = true}},
    Key<TaskData>{"languages", "Languages to train on together", &TaskData::languages},
};

inline constexpr std::array kIntermediateKeys = {
    Key<Intermediate>{"name",
                      "Name of the arm",
                      &Intermediate::name,
                      {.required = true, .words = Words::kFolderName}},
    Key<Intermediate>{"train", "Tasks of the stage before the targets",
                      OneStage<Intermediate>{&Intermediate::stages}},
    Key<Intermediate>{"chain",
                      "Tasks of several stages, one after the other",
                      &Intermediate::stages,
                      {.required = true, .rival = "train"}},
    Key<Intermediate>{"joint", "Train the tasks beside each target's own, in its stage",
                      &Intermediate::joint},
    Key<Intermediate>{"sampling", "Which task a step of several tasks trains",
                      &Intermediate::sampling},
    Key<Intermediate>{"loss_weights",
                      "Factors of the losses, by task; 1 where not named",
                      &Intermediate::loss_weights,
                      {.range = kPositive}},
    Key<Intermediate>{"heads",
                      "Names of heads, by task: tasks with one name share a head",
                      &Intermediate::heads,
                      {.words = Words::kFolderName}},
    Key<Intermediate>{
        "data", "Other training data than the task's own", &Intermediate::data, {.or_one = true}},
    Key<Intermediate>{"recipe", "Overrides of the default recipe", &Intermediate::recipe},
    Key<Intermediate>{"limit", "Only the first rows of each task's data", &Intermediate::limit},
};

inline constexpr std::array kTargetKeys = {
    Key<Target>{"name",
                "Name in results; the task's unless given",
                &Target::name,
                {.words = Words::kFolderName}},
    Key<Target>{"task",
                "The task that is scored",
                &Target::task,
                {.required = true, .words = Words::kFolderName}},
    Key<Target>{"train",
                "The task whose training set the stage trains on",
                &Target::train,
                {.one_task = true}},
    Key<Target>{"languages", "Languages to score; default: all there are", &Target::languages},
    Key<Target>{
        "split", "What is scored", &Target::splits, {.words = Words::kSplit, .or_one = true}},
    Key<Target>{"layer",
                "Hidden states to take sentence vectors from; -1 is the last layer",
                &Target::layer,
                {.range = {.min = -1000, .max = 1000}}},
    Key<Target>{"layers",
                "Score every layer; report `layer` if it is given, else choose one",
                &Target::layers,
                {.words = Words::kLayers}},
    Key<Target>{"choose_on",
                "The language that decides the layer, for a task without a dev split",
                &Target::choose_on,
                {.words = Words::kFolderName}},
    Key<Target>{"recipe", "Overrides of the default recipe", &Target::recipe},
    Key<Target>{"limit", "Only the first rows of the data", &Target::limit},
};

inline constexpr std::array kHypothesisKeys = {
    Key<Hypothesis>{"name",
                    "Name of the hypothesis",
                    &Hypothesis::name,
                    {.required = true, .words = Words::kFolderName}},
    Key<Hypothesis>{"claim", "What is expected, in words", &Hypothesis::claim},
    Key<Hypothesis>{"arm", "The arm that it is about", &Hypothesis::arm, {.required = true}},
    Key<Hypothesis>{"baseline", "What the arm is compared with; default: the arm's own baseline",
                    &Hypothesis::baseline},
    Key<Hypothesis>{"targets", "The targets whose mean it is about; default: all",
                    &Hypothesis::targets},
    Key<Hypothesis>{"languages", "The languages whose mean it is about; default: all",
                    &Hypothesis::languages},
    Key<Hypothesis>{"group", "Of languages, likewise", &Hypothesis::group, {.rival = "languages"}},
    Key<Hypothesis>{"direction",
                    "What is expected",
                    &Hypothesis::direction,
                    {.required = true, .words = Words::kDirection}},
    Key<Hypothesis>{"margin",
                    "Points, instead of the study's margin",
                    &Hypothesis::margin,
                    {.range = kPositive}},
    Key<Hypothesis>{"published",
                    "The difference that was published, in points",
                    &Hypothesis::published,
                    {.range = kAnyNumber}},
    Key<Hypothesis>{"source", "Where it was published", &Hypothesis::source},
};

inline constexpr std::array kCheckpointKeys = {
    Key<Checkpointing>{
        "steps", "Optimizer steps between checkpoints", &Checkpointing::steps, {.range = kCount}},
    Key<Checkpointing>{
        "minutes", "Minutes between checkpoints", &Checkpointing::minutes, {.range = kPositive}},
};

inline constexpr std::array kEncoderKeys = {
    Key<Study>{"path",
               "A Hugging Face directory",
               PathMember<Study>{&Study::encoder, &Study::encoder_written},
               {.required = true}},
};
inline constexpr std::array kDataKeys = {
    Key<Study>{"root",
               "Folder of the data, in the layout of the XTREME download",
               PathMember<Study>{&Study::data_root, &Study::data_root_written},
               {.required = true}},
};
inline constexpr std::array kRecipesKeys = {
    Key<Study>{"default", "How stages train", &Study::default_recipe},
    Key<Study>{"", "How the task of this name trains", &Study::task_recipes},
};
inline constexpr std::array kReportKeys = {
    Key<Study>{"baseline", "The arm that others are compared with", &Study::baseline},
    Key<Study>{"groups", "A file of languages",
               PathMember<Study>{&Study::languages, &Study::languages_written}},
    Key<Study>{"measure", "Its column that makes groups", &Study::measure},
    Key<Study>{"low",
               "The most that a language of the group 'low' has",
               &Study::low,
               {.range = kAnyNumber}},
    Key<Study>{"high",
               "The least that a language of the group 'high' has",
               &Study::high,
               {.range = kAnyNumber}},
    Key<Study>{
        "margin", "Points; what is smaller doesn't matter", &Study::margin, {.range = kPositive}},
};

// In the order of writing, in which tables come last.
inline constexpr std::array kStudyKeys = {
    Key<Study>{"schema",
               "Version of this file format",
               &Study::schema,
               {.required = true, .range = {.min = 1, .max = 1}}},
    Key<Study>{"extends", "A study file that this one is merged over", Extends{}},
    Key<Study>{"name",
               "Name of the study, and of its folder",
               &Study::name,
               {.required = true, .words = Words::kFolderName}},
    Key<Study>{
        "seeds", "Every stage is trained once per seed", &Study::seeds, {.range = {.min = 0}}},
    Key<Study>{"keep", "Whose encoders stay", &Study::keep, {.words = Words::kKeep}},
    Key<Study>{"encoder", "Where arms start from", Keys<Study>(kEncoderKeys), {.required = true}},
    Key<Study>{"data", "Where data is", Keys<Study>(kDataKeys), {.required = true}},
    Key<Study>{"checkpoint", "When a stage that isn't done is saved; changes no result",
               &Study::checkpoint},
    Key<Study>{"recipes", "How stages train", Keys<Study>(kRecipesKeys)},
    Key<Study>{
        "intermediate", "The arms beside 'none'", &Study::intermediates, {.may_be_empty = true}},
    Key<Study>{"target", "What is scored", &Study::targets, {.required = true}},
    Key<Study>{"report", "How results are compared", Keys<Study>(kReportKeys)},
    Key<Study>{"hypothesis",
               "What is expected of the results",
               &Study::hypotheses,
               {.may_be_empty = true}},
};

// The keys of a struct that is a table of its own.
constexpr Keys<Evaluation> keys_of(const Evaluation&) { return kEvaluationKeys; }
constexpr Keys<Adapter> keys_of(const Adapter&) { return kAdapterKeys; }
constexpr Keys<Recipe> keys_of(const Recipe&) { return kRecipeKeys; }
constexpr Keys<Limit> keys_of(const Limit&) { return kLimitKeys; }
constexpr Keys<Sampling> keys_of(const Sampling&) { return kSamplingKeys; }
constexpr Keys<TaskData> keys_of(const TaskData&) { return kTaskDataKeys; }
constexpr Keys<Checkpointing> keys_of(const Checkpointing&) { return kCheckpointKeys; }
constexpr Keys<Intermediate> keys_of(const Intermediate&) { return kIntermediateKeys; }
constexpr Keys<Target> keys_of(const Target&) { return kTargetKeys; }
constexpr Keys<Hypothesis> keys_of(const Hypothesis&) { return kHypothesisKeys; }
constexpr Keys<Study> keys_of(const Study&) { return kStudyKeys; }

template <class V>
concept Table = requires(const V& table) { keys_of(table); };

template <class V>
concept ListOfTables = requires(const V& list) {
  requires Table<typename V::value_type>;
  list.data();
};

template <class V>
concept NamedValues = std::is_same_v<V, ByName<double>> || std::is_same_v<V, ByName<std::string>>;

// What a recipe may hold several of: a grid.
template <class V>
concept NumberKey = std::is_same_v<V, std::int64_t> || std::is_same_v<V, double> ||
                    std::is_same_v<V, std::optional<std::int64_t>>;

}  // namespace sojourn::config
