// What the files of tasks hold, looked at before anybody trains on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/data/task.h"
#include "core/data/text_overlap.h"

namespace sojourn {

struct TaskToCheck {
  Task* task = nullptr;
  std::int64_t max_tokens = 0;
};

struct SetCounts {
  std::int64_t examples = 0;
  // How many items have each label of the head, in the head's order; none where heads have no
  // labels, or there is no head. Items without a label aren't counted.
  std::vector<std::pair<std::string, std::int64_t>> labels;
  std::int64_t pieces = 0;    // as in NotedExample, a text as often as the task encodes it
  std::int64_t unknown = 0;   // of the pieces
  std::int64_t too_long = 0;  // examples of more than max_tokens, which are cut or split
  // Examples whose texts all have the normal forms of an earlier one's, and the id of the first.
  std::int64_t duplicates = 0;
  std::string duplicate;
  // Examples whose letters are mostly not Latin, and the id of the first.
  std::int64_t not_latin = 0;
  std::string not_latin_example;
};

// A split of a language of a task.
struct CheckedSet {
  std::string task;
  std::string split;
  std::string language;
  std::int64_t max_tokens = 0;
  std::map<std::string, std::filesystem::path> files = {};
  std::string error = {};               // what is wrong with the files; then nothing is counted
  std::vector<std::string> notes = {};  // what the task logged while reading, such as skipped rows
  SetCounts counts = {};
};

// Languages of a split for which no files are there, of train splits English alone; `all`: no
// language has any.
struct AbsentFiles {
  std::string task;
  std::string split;
  std::vector<std::string> languages;
  bool all = false;
};

struct DataCheck {
  std::vector<CheckedSet> sets;  // by task as asked for; train, dev, test; language
  std::vector<AbsentFiles> absent;
  std::vector<Overlap> overlaps;  // their numbers are places in `sets`
};

// Work is counted in bytes of files.
struct CheckStep {
  std::size_t set = 0;  // from 1, in the order of reading
  std::size_t sets = 0;
  const CheckedSet* reading = nullptr;
  std::int64_t examples = 0;  // read so far, of all sets
  double done = 0;            // share of the work
};

// Reads all splits and languages that are there, and looks up the texts of every train split in
// every dev and test split, and those of every dev split in every test split. What is wrong in the
// files of one set is told in its `error` and doesn't keep others from being read. `progress` is
// called now and then, by this thread.
DataCheck check_data(std::span<const TaskToCheck> tasks, const std::filesystem::path& root,
                     const Tokenizer& tokenizer, int threads,
                     const std::function<void(const CheckStep&)>& progress);

}  // namespace sojourn
