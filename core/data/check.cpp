#include "core/data/check.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>
#include <unordered_set>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/data/feature_table.h"
#include "core/data/features.h"
#include "core/data/files.h"

namespace sojourn {

namespace {

constexpr const char* kTrain = "train";
constexpr const char* kDev = "dev";
constexpr std::int64_t kPart = 64;  // examples that a thread reads at a time

// What some successive examples hold.
struct Block {
  std::vector<NotedExample> examples;
  std::vector<std::vector<std::int64_t>> labels;  // of each example's items, in all its features
};

// The values of `field` in all features of the table.
std::vector<std::int64_t> values_of(const FeatureTable& features, std::size_t field) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < features.size(); ++i) {
    const ArrayView view = features.field(i, field);
    std::int64_t n = 1;
    for (const auto size : view.shape) n *= size;
    const auto* data = static_cast<const std::int64_t*>(view.data);
    values.insert(values.end(), data, data + n);
  }
  return values;
}

// The place of the field that holds the labels.
std::optional<std::size_t> label_field(const Manifest& manifest) {
  for (std::size_t i = 0; i < manifest.fields.size(); ++i) {
    const auto& field = manifest.fields[i];
    if (field.name == manifest.loss_items && field.type == FieldType::kInt64) return i;
  }
  return std::nullopt;
}

TextHash hash_of(const std::vector<NotedText>& texts) {
  std::string all;
  for (const auto& text : texts) all.append(text.hash.begin(), text.hash.end());
  return text_hash(all);
}

struct FirstBytes {  // of what is a hash already
  std::size_t operator()(const TextHash& hash) const noexcept {
    std::size_t bytes = 0;
    std::memcpy(&bytes, hash.data(), sizeof bytes);
    return bytes;
  }
};

class Checker {
 public:
  Checker(const std::filesystem::path& root, const Tokenizer& tokenizer, int threads,
          const std::function<void(const CheckStep&)>& progress)
      : root_(root), tokenizer_(tokenizer), threads_(threads), progress_(progress) {}

  void find(const TaskToCheck& asked) {
    const Manifest& manifest = asked.task->manifest();
    for (const std::string split : {kTrain, kDev, "test"}) {
      if (!manifest.splits.contains(split)) continue;
      const auto present = languages_present(manifest, split, root_);
      AbsentFiles absent{manifest.name, split, {}, present.empty()};
      for (const auto& language : manifest.languages) {
        if (std::find(present.begin(), present.end(), language) != present.end()) {
          add_set(asked, split, language);
        } else if (split != kTrain || language == kTrainingLanguage) {
          absent.languages.push_back(language);
        }
      }
      if (!absent.languages.empty()) check_.absent.push_back(std::move(absent));
    }
  }

  DataCheck run() {
    for (const bool training : {false, true}) {
      for (std::size_t s = 0; s < check_.sets.size(); ++s) {
        if ((check_.sets[s].split == kTrain) == training) read(s);
      }
      if (!training) overlaps_.end_scored();
    }
    for (auto& overlap : overlaps_.overlaps()) {
      const bool sound =
          check_.sets[overlap.source].error.empty() && check_.sets[overlap.scored].error.empty();
      if (sound) check_.overlaps.push_back(std::move(overlap));
    }
    return std::move(check_);
  }

 private:
  void add_set(const TaskToCheck& asked, const std::string& split, const std::string& language) {
    CheckedSet set{asked.task->manifest().name, split, language, asked.max_tokens};
    double bytes = 1;
    try {
      set.files = find_files(asked.task->manifest(), split, language, root_);
      for (const auto& [name, file] : set.files) {
        std::error_code unreadable;  // then opening it says why
        const auto size = std::filesystem::file_size(file, unreadable);
        if (!unreadable) bytes += static_cast<double>(size);
      }
    } catch (const Error& error) {
      set.error = error.what();
    }
    check_.sets.push_back(std::move(set));
    tasks_.push_back(asked.task);
    bytes_.push_back(bytes);
    all_bytes_ += bytes;
  }

  void read(std::size_t s) {
    CheckedSet& set = check_.sets[s];
    ++sets_read_;
    report(set, 0);
    if (set.error.empty()) {
      const CapturedLog log;
      try {
        read_files(s);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kInput && error.kind() != ErrorKind::kPlugin) throw;
        set.error = error.what();
        set.counts = {};
      }
      for (auto& line : log.lines()) set.notes.push_back(std::move(line.text));
    }
    bytes_done_ += bytes_[s];
  }

  void read_files(std::size_t s) {
    CheckedSet& set = check_.sets[s];
    Task& task = *tasks_[s];
    const RecordingTokenizer recorder(tokenizer_);
    const auto labels = head_labels(task, root_);
    const auto data =
        task.open({set.split, set.language, set.files, &recorder, set.max_tokens, labels});
    for (const auto& label : labels) set.counts.labels.emplace_back(label, 0);
    std::unordered_set<TextHash, FirstBytes> seen;
    const std::int64_t part = kPart * threads_;
    for (std::int64_t first = 0; first < data->size(); first += part) {
      throw_if_interrupted();
      const auto n = std::min(part, data->size() - first);
      const Block block = read_block(s, *data, first, n);
      for (std::int64_t i = 0; i < n; ++i) {
        const auto place = static_cast<std::size_t>(i);
        const NotedExample& example = block.examples[place];
        const auto id = [&] { return data->example(first + i).id; };
        count(example, id, set.counts);
        count_labels(block.labels[place], set.counts);
        if (!seen.insert(hash_of(example.texts)).second && ++set.counts.duplicates == 1)
          set.counts.duplicate = id();
        compare(s, example, id);
      }
      examples_read_ += n;
      report(set, static_cast<double>(first + n) / static_cast<double>(data->size()) * bytes_[s]);
    }
  }

  Block read_block(std::size_t s, const Dataset& data, std::int64_t first, std::int64_t n) const {
    const CheckedSet& set = check_.sets[s];
    const Task& task = *tasks_[s];
    const std::string where =
        "task '" + task.manifest().name + "' (" + task.plugin_file().string() + ")";
    const auto field = set.counts.labels.empty() ? std::nullopt : label_field(task.manifest());
    Block block;
    block.examples.resize(static_cast<std::size_t>(n));
    block.labels.resize(static_cast<std::size_t>(n));
    const auto featurize = [&](std::int64_t i) {
      const auto place = static_cast<std::size_t>(i);
      FeatureTable features(task.manifest().fields, where);
      {
        const RecordingTokenizer::Recording recording(block.examples[place]);
        features.begin_example();
        data.featurize(first + i, features);
      }
      if (field) block.labels[place] = values_of(features, *field);
    };
    parallel_for(n, task.parallel_featurize() ? threads_ : 1, featurize);
    return block;
  }

  template <class Id>
  void compare(std::size_t s, const NotedExample& example, const Id& id) {
    if (check_.sets[s].split == kTrain) {
      overlaps_.look_up(s, example, id);
    } else {
      using Kind = OverlapFinder::Kind;
      const Kind kind = check_.sets[s].split == kDev ? Kind::kDev : Kind::kTest;
      overlaps_.add_scored(s, kind, id(), example);
    }
  }

  template <class Id>
  static void count(const NotedExample& example, const Id& id, SetCounts& counts) {
    ++counts.examples;
    counts.pieces += example.pieces;
    counts.unknown += example.unknown;
    counts.too_long += example.too_long ? 1 : 0;
    if (example.other > example.latin && ++counts.not_latin == 1) counts.not_latin_example = id();
  }

  static void count_labels(const std::vector<std::int64_t>& labels, SetCounts& counts) {
    for (const auto label : labels) {
      if (label >= 0 && label < static_cast<std::int64_t>(counts.labels.size()))
        ++counts.labels[static_cast<std::size_t>(label)].second;
    }
  }

  void report(const CheckedSet& set, double bytes_of_set) const {
    progress_({sets_read_, check_.sets.size(), &set, examples_read_,
               (bytes_done_ + bytes_of_set) / all_bytes_});
  }

  const std::filesystem::path& root_;
  const Tokenizer& tokenizer_;
  const int threads_;
  const std::function<void(const CheckStep&)>& progress_;
  DataCheck check_;
  std::vector<Task*> tasks_;  // of check_.sets
  std::vector<double> bytes_;
  OverlapFinder overlaps_;
  double all_bytes_ = 0;
  double bytes_done_ = 0;
  std::size_t sets_read_ = 0;
  std::int64_t examples_read_ = 0;
};

}  // namespace

DataCheck check_data(std::span<const TaskToCheck> tasks, const std::filesystem::path& root,
                     const Tokenizer& tokenizer, int threads,
                     const std::function<void(const CheckStep&)>& progress) {
  Checker checker(root, tokenizer, threads, progress);
  for (const auto& task : tasks) checker.find(task);
  return checker.run();
}

}  // namespace sojourn
