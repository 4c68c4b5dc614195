// The family of tasks that put one label on a pair of texts.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/label_head.h>
#include <sojourn/manifest.h>
#include <sojourn/text_files.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

struct Pair {
  std::string id;  // unique in its split; equal across translations
  std::string first;
  std::string second;
  std::optional<std::size_t> label;  // place among the labels; nothing in a file without gold
};

// Whether the rows of a file end with a label, which only those of a test split may lack, all of
// them: says so at its first row, given how many columns a labelled one has.
inline bool has_label(const OpenCall& call, const Lines& first_row, std::size_t columns) {
  return call.split() != "test" || split_columns(first_row.text()).size() + 1 != columns;
}

// Rows as XTREME has them, without a header: two texts and a label, which those of a test split may
// lack; lines are their ids. Quotes are text, as XTREME's own reader has them. Throws DataError.
inline std::vector<Pair> read_pair_rows(const OpenCall& call, const File& file,
                                        const std::vector<std::string>& labels) {
  std::vector<Pair> pairs;
  bool labelled = true;
  for (Lines line(file); line.next();) {
    if (line.number() == 1) labelled = has_label(call, line, 3);
    const auto cells = columns(line, labelled ? 3 : 2);
    pairs.push_back(
        {std::to_string(line.number()), std::string(cells[0]), std::string(cells[1]), {}});
    if (labelled) pairs.back().label = index_of(line, labels, cells[2], "label");
  }
  return pairs;
}

// The prediction of an example is its label.
class PairDataset : public Dataset {
 public:
  PairDataset(std::vector<Pair> pairs, std::vector<std::string> labels)
      : pairs_(std::move(pairs)), labels_(std::move(labels)) {}

  std::uint64_t size() const override { return pairs_.size(); }
  Example example(std::uint64_t index) const override { return {pairs_.at(index).id, {}, {}}; }

  void featurize(const FeatureCall& call, std::uint64_t index) const override {
    const Pair& pair = pairs_.at(index);
    const auto encoding = call.encode(pair.first, pair.second);
    const std::int64_t label = pair.label ? static_cast<std::int64_t>(*pair.label) : kNoLabel;
    call.emit({Field(encoding.ids, encoding.n), Field::scalar(label)});
  }

  std::unique_ptr<Decoder> decoder() const override {
    return std::make_unique<LabelDecoder>(labels_);
  }

  std::vector<double> score(std::uint64_t index, std::string_view prediction) const override {
    const auto label = pairs_.at(index).label;
    if (!label) throw NoGold();
    return one_item(labels_[*label] == prediction);
  }

 private:
  std::vector<Pair> pairs_;
  std::vector<std::string> labels_;
};

// A benchmark's gold alone: a label a line.
inline std::vector<Pair> read_label_lines(const OpenCall& call) {
  const std::vector<std::string> labels = call.labels();
  std::vector<Pair> pairs;
  for (Lines lines(call.file("labels")); lines.next();) {
    pairs.push_back(
        {std::to_string(lines.number()), "", "", index_of(lines, labels, lines.text(), "label")});
  }
  return pairs;
}

// A task of this family. `Task` has two static members:
//   Description description();
//   std::vector<Pair> read(const OpenCall& call);   // throws DataError
template <class Task>
struct PairClassification {
  static constexpr bool kHasHead = true;
  static constexpr bool kTunes = false;
  static Description description() { return Task::description(); }
  static FamilySpec family() { return first_token_family("pair_classification"); }
  static std::unique_ptr<Dataset> open(const OpenCall& call) {
    auto pairs = call.split() == kLabelsSplit ? read_label_lines(call) : Task::read(call);
    return std::make_unique<PairDataset>(std::move(pairs), call.labels());
  }
  static std::unique_ptr<Head> create_head(const HeadCall& call) {
    return std::make_unique<FirstTokenHead>(call, call.labels());
  }
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
