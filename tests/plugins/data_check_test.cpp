// A check of data through the bundled tasks, on small files.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/data/check.h"
#include "core/report/data_report.h"
#include "plugins/catalog.h"
#include "tests/plugins/stub_tokenizer.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// Fails in the midst of a data set.
class FussyTokenizer : public StubTokenizer {
 public:
  std::vector<Encoding> encode(std::string_view a, std::optional<std::string_view> b,
                               std::int64_t max_tokens, Overflow overflow,
                               std::int64_t stride) const override {
    if (a == "boom") throw input_error("tokenizer", "can't take it");
    return StubTokenizer::encode(a, b, max_tokens, overflow, stride);
  }
};

class DataFolder {
 public:
  void file(const std::string& name, const std::string& content) {
    const auto path = root_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    write_file(path, content);
  }

  DataCheck check(const std::vector<std::string>& names, std::int64_t max_tokens = 64) {
    std::vector<TaskToCheck> tasks;
    for (const auto& name : names) tasks.push_back({&catalog_.task(name), max_tokens});
    return check_data(tasks, root_.path(), tokenizer_, 2,
                      [&](const CheckStep& step) { last_ = step; });
  }
  const CheckStep& last_step() const { return last_; }

 private:
  TemporaryDirectory root_;
  FussyTokenizer tokenizer_;
  PluginCatalog catalog_{{std::filesystem::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"}};
  CheckStep last_;
};

const CheckedSet& set_of(const DataCheck& check, const std::string& name) {
  const auto found = std::find_if(check.sets.begin(), check.sets.end(),
                                  [&](const CheckedSet& set) { return name_of(set) == name; });
  if (found == check.sets.end()) throw std::runtime_error("no set " + name);
  return *found;
}

std::string row(const std::string& label, const std::string& id, const std::string& first,
                const std::string& second) {
  return nlohmann::json{
             {"gold_label", label}, {"sentence1", first}, {"sentence2", second}, {"pairID", id}}
             .dump() +
         "\n";
}

constexpr const char* kTrain = "mnli/multinli_1.0_train.jsonl";
constexpr const char* kLong = "The boats came back before the storm.";

TEST_CASE("pairs are counted: labels, pieces, those that are cut, duplicates", "[check]") {
  DataFolder folder;
  folder.file(kTrain, row("neutral", "a", "a cat", "an ox") + row("-", "b", "x", "y") +
                          row("entailment", "c", "A  cat", "an ox ") +
                          row("neutral", "d", "an ox", "a cat") +
                          row("neutral", "e", "a b c d e f", "g") +
                          row("neutral", "f", "a cat", "an ox"));
  const auto check = folder.check({"mnli"}, 10);
  REQUIRE(check.sets.size() == 1);
  const CheckedSet& set = check.sets[0];
  CHECK(name_of(set) == "mnli train en");
  CHECK(set.error.empty());
  CHECK(set.counts.examples == 5);
  const std::vector<std::pair<std::string, std::int64_t>> labels{
      {"entailment", 1}, {"neutral", 4}, {"contradiction", 0}};
  CHECK(set.counts.labels == labels);
  CHECK(set.counts.pieces == 4 + 4 + 4 + 7 + 4);
  CHECK(set.counts.unknown == 0);
  CHECK(set.counts.too_long == 1);
  CHECK(set.counts.duplicates == 2);
  CHECK(set.counts.duplicate == "c");
  REQUIRE(set.notes.size() == 1);
  CHECK_THAT(set.notes[0], Catch::Contains("1 pairs without a gold label"));
  CHECK(folder.last_step().examples == 5);
  CHECK(folder.last_step().done == Approx(1));
}

TEST_CASE("tags are counted in every window of a sentence, once a word", "[check]") {
  DataFolder folder;
  folder.file("udpos/test-de.tsv", "a\tDET\nb\tNOUN\ncc\tVERB\ndddddddd\tNOUN\n\na\tDET\n\n");
  const auto check = folder.check({"udpos"}, 4);
  const SetCounts& counts = set_of(check, "udpos test de").counts;
  std::map<std::string, std::int64_t> used;
  for (const auto& [label, count] : counts.labels) {
    if (count > 0) used[label] = count;
  }
  CHECK(used == std::map<std::string, std::int64_t>{{"DET", 2}, {"NOUN", 2}, {"VERB", 1}});
  CHECK(counts.examples == 2);
  CHECK(counts.pieces == 6);
  CHECK(counts.too_long == 1);
}

TEST_CASE("training texts in dev and test sets are found across tasks, roles and languages",
          "[check]") {
  DataFolder folder;
  folder.file(kTrain, row("neutral", "t1", "a short text", kLong) +
                          row("neutral", "t2", kLong, "Nobody was at the harbour that day."));
  folder.file("xnli/test-sw.tsv",
              std::string("THE boats came back  before the storm.\tno\tneutral\n") +
                  "a short text\tNobody was at the harbour that day.\tneutral\n" +
                  "a short text\tSomebody was at the harbour, though.\tneutral\n" + kLong +
                  "\tno\tneutral\n");
  folder.file(
      "udpos/test-en.tsv",
      "The\tDET\nboats\tNOUN\ncame\tVERB\nback\tADV\nbefore\tADP\nthe\tDET\nstorm.\tNOUN\n");
  const auto check = folder.check({"mnli", "xnli", "udpos"});
  REQUIRE(check.overlaps.size() == 3);
  const auto names = [&](const Overlap& overlap) {
    return name_of(check.sets[overlap.source]) + " > " + name_of(check.sets[overlap.scored]);
  };
  const Overlap& first = check.overlaps[0];
  CHECK(names(first) == "mnli train en > xnli test sw");
  CHECK(first.role == TextRole::kFirst);
  CHECK(first.found == 1);
  CHECK(first.of == 1);  // twice there, and "a short text" is too short to count
  CHECK(first.source_example == "t1");
  CHECK(first.scored_example == "1");
  const Overlap& second = check.overlaps[1];
  CHECK(second.role == TextRole::kSecond);
  CHECK(second.found == 1);
  CHECK(second.of == 2);
  CHECK(second.source_example == "t2");
  CHECK(second.scored_example == "2");
  CHECK(names(check.overlaps[2]) == "mnli train en > udpos test en");
  CHECK(check.overlaps[2].role == TextRole::kWords);
  CHECK_THAT(data_table(check), Catch::Contains("1 of 2 second texts") && Catch::Contains("50.0%"));
}

TEST_CASE("texts of test sets alone, or of training sets alone, are no overlap", "[check]") {
  DataFolder folder;
  folder.file(kTrain, row("neutral", "t", "Only here, and in no other set.", "no"));
  folder.file("snli/snli_1.0_train.jsonl",
              row("neutral", "s", "Only here, and in no other set.", "no"));
  folder.file("xnli/test-en.tsv", std::string(kLong) + "\tno\tneutral\n");
  folder.file("xnli/test-de.tsv", std::string(kLong) + "\tno\tneutral\n");
  const auto check = folder.check({"mnli", "snli", "xnli"});
  CHECK(check.sets.size() == 4);
  CHECK(check.overlaps.empty());
  CHECK_THAT(data_table(check),
             Catch::Contains("No training or dev text of 20 characters or more"));
}

TEST_CASE("dev texts are looked up in test sets, not in dev sets", "[check]") {
  DataFolder folder;
  folder.file("mnli/multinli_1.0_dev_matched.jsonl", row("neutral", "d", "no", kLong));
  folder.file("snli/snli_1.0_dev.jsonl", row("neutral", "s", "no", kLong));
  folder.file("xnli/test-en.tsv", std::string(kLong) + "\tno\tneutral\n");
  const auto check = folder.check({"mnli", "snli", "xnli"});
  REQUIRE(check.overlaps.size() == 2);
  for (const auto& overlap : check.overlaps) {
    CHECK(check.sets[overlap.source].split == "dev");
    CHECK(name_of(check.sets[overlap.scored]) == "xnli test en");
    CHECK(overlap.role == TextRole::kFirst);
    CHECK(overlap.scored_example == "1");
  }
  CHECK(check.overlaps[0].source_example == "d");
}

TEST_CASE("a broken file is told of, and the others are read all the same", "[check]") {
  DataFolder folder;
  folder.file(kTrain, row("neutral", "t", kLong, "no"));
  folder.file("xnli/test-de.tsv", std::string(kLong) + "\tno\tneutral\nhalf a row\n");
  folder.file("xnli/test-sw.tsv", std::string(kLong) + "\tno\tneutral\n");
  const auto check = folder.check({"xnli", "mnli"});
  CHECK_THAT(set_of(check, "xnli test de").error, Catch::Contains("test-de.tsv:2: "));
  CHECK(set_of(check, "xnli test de").counts.examples == 0);
  CHECK(set_of(check, "xnli test sw").counts.examples == 1);
  REQUIRE(check.overlaps.size() == 1);
  CHECK(name_of(check.sets[check.overlaps[0].scored]) == "xnli test sw");
  const auto json = nlohmann::json::parse(data_json(check));
  CHECK(json["sets"][0]["error"] == set_of(check, "xnli test de").error);
  CHECK_FALSE(json["sets"][0].contains("examples"));
}

TEST_CASE("a set that fails halfway counts for nothing", "[check]") {
  DataFolder folder;
  folder.file(kTrain, row("neutral", "t", kLong, "no"));
  std::string rows = std::string(kLong) + "\tno\tneutral\n";
  for (int i = 0; i < 1000; ++i) rows += "yes\tno\tneutral\n";
  folder.file("xnli/test-de.tsv", rows + "boom\tno\tneutral\n");
  const auto check = folder.check({"xnli", "mnli"});
  CHECK_THAT(set_of(check, "xnli test de").error, Catch::Contains("can't take it"));
  CHECK(set_of(check, "xnli test de").counts.labels.empty());
  CHECK(check.overlaps.empty());
}

TEST_CASE("files that aren't there are listed, of training sets only the English", "[check]") {
  DataFolder folder;
  folder.file("udpos/test-de.tsv", "a\tDET\n");
  const auto check = folder.check({"udpos"});
  REQUIRE(check.absent.size() == 3);
  CHECK(check.absent[0].split == "train");
  CHECK(check.absent[0].languages == std::vector<std::string>{"en"});
  CHECK(check.absent[1].split == "dev");
  CHECK(check.absent[1].all);
  CHECK_FALSE(check.absent[2].all);
  CHECK(std::count(check.absent[2].languages.begin(), check.absent[2].languages.end(), "de") == 0);
}

TEST_CASE("a training file under en that holds other languages is named", "[check]") {
  DataFolder folder;
  folder.file(kTrain, row("neutral", "t1", "the dog sleeps", "it dreams") +
                          row("neutral", "t2", "собака спит", "ей снится сон") +
                          row("neutral", "t3", "कुत्ता सोता है", "a dog"));
  const auto check = folder.check({"mnli"});
  CHECK(check.sets[0].counts.not_latin == 2);
  CHECK(check.sets[0].counts.not_latin_example == "t2");
  CHECK_THAT(data_table(check), Catch::Contains("mnli train en: 2 of 3 examples (66.7%)"));
}

}  // namespace
}  // namespace sojourn
