// Bundled tasks on small files, one of each family: what they read, emit, refuse, decode and score.
#include <string>
#include <vector>

#include "tests/plugins/task_on_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// ---- pairs in JSON lines ----

std::string row(const std::string& label, const std::string& id) {
  return R"({"gold_label": ")" + label +
         R"(", "sentence1": "a cat", "sentence2": "an animal", "pairID": ")" + id + "\"}\n";
}

TEST_CASE("mnli reads pairs, and skips those without a gold label", "[tasks]") {
  TaskOnFiles task("mnli");
  task.file("pairs",
            row("entailment", "x1") + row("-", "x2") + row("contradiction", "x3") +
                R"({"gold_label": "neutral", "sentence1": "a", "sentence2": "b", "genre": 1})" +
                "\n");
  const auto data = task.open();
  REQUIRE(data->size() == 3);
  CHECK(data->example(0).id == "x1");
  CHECK(data->example(0).align == "x1");
  CHECK(data->example(1).id == "x3");
  CHECK(data->example(2).id == "line-4");
  const auto features = task.features(*data);
  REQUIRE(features.size() == 3);
  CHECK(integers(features, 0, 0) ==
        Ints{0, 10 + 'a', 10 + 'c', 2, 2, 10 + 'a', 10 + 'a', 10 + 'a', 2});
  CHECK(integers(features, 0, 1) == Ints{0});
  CHECK(integers(features, 1, 1) == Ints{2});
  CHECK(data->score(1, "contradiction") == std::vector<double>{1, 1});
  CHECK(data->score(1, "neutral") == std::vector<double>{0, 1});
  CHECK(data->score(1, "nonsense") == std::vector<double>{0, 1});
}

TEST_CASE("mnli decodes the label of the highest output", "[tasks]") {
  TaskOnFiles task("mnli");
  task.file("pairs", row("entailment", "x1") + row("neutral", "x2"));
  const auto data = task.open();
  const auto decoder = data->decoder();
  const float first[] = {-1, 2, 2};  // the first of equals
  const float second[] = {0, -3, 5};
  const NamedArray a{"logits", {FieldType::kFloat32, {3}, first}};
  const NamedArray b{"logits", {FieldType::kFloat32, {3}, second}};
  decoder->add(1, {&b, 1});
  decoder->add(0, {&a, 1});
  CHECK(predictions(*decoder, 2) == std::vector<std::string>{"neutral", "contradiction"});
}

TEST_CASE("mnli names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("mnli");
  const std::string good = row("neutral", "x1");
  const auto [content, message] = GENERATE_REF(table<std::string, std::string>({
      {"", ":1: the file is empty"},
      {good + row("netural", "x2"),
       ":2: gold_label 'netural', expected one of entailment neutral contradiction"},
      {good + good, ":2: pairID 'x1' again, first on line 1"},
      {good + "{\"gold_label\": \n", ":2: not JSON at byte "},
      {good + "\n" + good, ":2: not JSON at byte "},
      {good + "[]\n", ":2: a JSON array, expected an object"},
      {good + R"({"gold_label": "neutral", "sentence1": "a"})", ":2: no key 'sentence2'"},
      {good + R"({"gold_label": "neutral", "sentence1": 7})",
       ":2: key 'sentence1' is a number, expected a string"},
      {good + R"({"gold_label": "neutral", "gold_label": "-"})",
       ":2: key 'gold_label' comes twice"},
      {good + "{\"gold_label\": \"\xff\"}", ":2: byte 17 of the line isn't UTF-8"},
      {row("-", "x1"), ":1: no pair with a gold label in the file"},
  }));
  CAPTURE(content);
  task.file("pairs", content);
  CHECK_THAT(task.error(), Catch::StartsWith(task.path("pairs") + message));
}

// ---- pairs in columns ----

TEST_CASE("xnli numbers its rows, so that translations are aligned, and takes mnli's head",
          "[tasks]") {
  TaskOnFiles task("xnli");
  task.file("pairs",
            "\xEF\xBB\xBF"
            "eine Katze\tein Tier\tentailment\r\nja\tnein\tcontradiction");
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  CHECK(data->example(1).id == "2");
  CHECK(data->example(1).align == "2");
  CHECK(data->score(1, "contradiction") == std::vector<double>{1, 1});
  CHECK(integers(task.features(*data), 0, 0)[1] == 10 + 'e');  // no byte order mark
  CHECK(task.manifest().head.has_value());
  CHECK(task.manifest().head == TaskOnFiles("mnli").manifest().head);
  CHECK(task.manifest().train_on == std::vector<std::string>{"mnli"});
}

TEST_CASE("xnli names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("xnli");
  const auto [content, message] = GENERATE(table<std::string, std::string>({
      {"", ":1: the file is empty"},
      {"a\tb\tneutral\na\tneutral\n", ":2: 2 columns between tabs, expected 3"},
      {"a\tb\tneutral\n\n", ":2: 1 column between tabs, expected 3"},
      {"a\tb\tNeutral\n", ":1: label 'Neutral', expected one of entailment neutral contradiction"},
      {"a\tb\tneutral\nab\xed\xa0\x80\tb\tneutral\n", ":2: byte 3 of the line isn't UTF-8"},
  }));
  task.file("pairs", content);
  CHECK(task.error() == task.path("pairs") + message);
}

TEST_CASE("mnli reads the rows in which XTREME has it, quotes as they stand", "[tasks]") {
  TaskOnFiles task("mnli");
  task.file("pairs", "a\tb\tneutral\r\n\"x\"\" y\"\tc\tentailment\r\n", ".tsv");
  const auto data = task.open(64, {}, "train", "en");
  REQUIRE(data->size() == 2);
  CHECK(data->example(1).id == "2");
  CHECK(data->score(1, "entailment") == std::vector<double>{1, 1});
  CHECK(integers(task.features(*data), 1, 0)[1] == 10 + '"');
}

TEST_CASE("only a test split may lack its labels", "[tasks]") {
  const auto* const name = GENERATE("mnli", "xnli");
  TaskOnFiles task(name);
  task.file("pairs", "a\tb\n", ".tsv");
  CHECK(task.open()->score(0, "neutral") == std::nullopt);
  CHECK(input_error_of([&] { task.open(64, {}, "dev"); }) ==
        task.path("pairs") + ":1: 2 columns between tabs, expected 3");
}

// ---- words with tags ----

constexpr const char* kWords = "Guten\tADJ\nTag\tNOUN\n\n\nMorgen\tNOUN\n";
constexpr const char* kConllu =
    "# sent_id = 1\n"
    "1-2\tGutentag\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "1\tGuten\tgut\tADJ\t_\t_\t2\tamod\t_\t_\n"
    "2\tTag\tTag\tNOUN\t_\t_\t0\troot\t_\t_\n"
    "2.1\tleer\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "\n"
    "# sent_id = 2\n"
    "1\tMorgen\tMorgen\tNOUN\t_\t_\t0\troot\t_\t_\n";

TEST_CASE("udpos reads the same from two columns and from CoNLL-U", "[tasks]") {
  const auto [content, extension] =
      GENERATE(table<std::string, std::string>({{kWords, ".tsv"},
                                                {kConllu, ".conllu"},
                                                {kConllu, ".txt"},
                                                {std::string(kConllu).substr(14), ""}}));
  TaskOnFiles task("udpos");
  task.file("sentences", content, extension);
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  const auto features = task.features(*data);
  CHECK(integers(features, 0, 0) == Ints{0, 10 + 'G', 10 + 'n', 10 + 'T', 2});
  CHECK(integers(features, 0, 1) == Ints{-100, 0, -100, 7, -100});  // first pieces only
  CHECK(integers(features, 0, 2) == Ints{-1, 0, -1, 1, -1});
  CHECK(data->score(0, "ADJ NOUN") == std::vector<double>{2, 2, 2, 2, 2, 2, 2, 2});
  CHECK(data->score(0, "NOUN NOUN") == std::vector<double>{1, 2, 0, 1, 2, 0, 1, 2});
}

TEST_CASE("udpos splits a long sentence between words and puts it together again", "[tasks]") {
  TaskOnFiles task("udpos");
  task.file("sentences", "#\tSYM\neins\tNUM\n\u200b\tX\nzwei\tNUM\ndrei\tNUM\n");
  const auto data = task.open(/*max_tokens=*/4);  // two pieces a window
  const auto features = task.features(*data);
  REQUIRE(features.size() == 2);
  CHECK(integers(features, 1, 2) == Ints{-1, 3, 4, -1});
  const auto decoder = data->decoder();
  for (std::int64_t f = 0; f < 2; ++f) {
    std::vector<float> logits(std::size_t{4} * 17, 0.F);
    logits[17 + 8] = 1;        // NUM for the first word of the window
    logits[17 + 17 + 14] = 1;  // SYM for the second
    const NamedArray arrays[] = {{"word", features.field(f, 2)},
                                 {"logits", {FieldType::kFloat32, {4, 17}, logits.data()}}};
    decoder->add(0, arrays);
  }
  const auto found = predictions(*decoder, 1);
  CHECK(found[0] == "NUM SYM <none> NUM SYM");  // the word without a piece has no tag
  CHECK(data->score(0, found[0]) == std::vector<double>{1, 5, 0, 5, 4, 0, 5, 4});
}

TEST_CASE("udpos counts a sentence of which nothing can be tokenized", "[tasks]") {
  TaskOnFiles task("udpos");
  task.file("sentences", "\u200b\tX\n");
  const auto data = task.open();
  const auto features = task.features(*data);
  REQUIRE(features.size() == 1);
  CHECK(integers(features, 0, 0) == Ints{0, 2});
  CHECK(integers(features, 0, 1) == Ints{-100, -100});
}

TEST_CASE("udpos names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("udpos");
  const auto [content, extension, message] = GENERATE(table<std::string, std::string, std::string>({
      {"", ".tsv", ":1: the file is empty"},
      {"\n\n", ".tsv", ":2: no sentence in the file"},
      {"Tag\tNOUN\nja\tJA\n", ".tsv", ":2: tag 'JA', expected one of ADJ ADP ADV"},
      {"Tag\tNOUN\tx\n", ".tsv", ":1: 3 columns between tabs, expected 2"},
      {"Tag\tNOUN\nja\n", ".tsv", ":2: 1 column between tabs, expected 2"},
      {"Tag\nja\tPART\n", ".tsv", ":2: 2 columns between tabs, expected 1"},
      {"\tNOUN\n", ".tsv", ":1: an empty word"},
      {"1\tja\t_\t_\t_\t_\t_\t_\t_\t_\n", ".conllu", ":1: tag '_', expected one of"},
      {"1\tja\n", ".conllu", ":1: 2 columns between tabs, expected 10"},
      {"# a\nx\tja\t_\tX\t_\t_\t_\t_\t_\t_\n", ".conllu", ":2: ID 'x', expected 1, 1-2 or 1.1"},
  }));
  CAPTURE(content);
  task.file("sentences", content, extension);
  CHECK_THAT(task.error(), Catch::StartsWith(task.path("sentences") + message));
}

TEST_CASE("Only a test file may hold words without tags, and they are unknown, not a class",
          "[tasks]") {
  TaskOnFiles task("udpos");
  task.file("sentences", "Tag\nja\n\n#1\n", ".tsv");
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  CHECK_FALSE(data->score(0, "NOUN PART").has_value());
  CHECK(integers(task.features(*data), 0, 1) == Ints{-100, -100, -100, -100});
  CHECK_THAT(input_error_of([&] { task.open(64, {}, "dev"); }),
             Catch::EndsWith(":1: 1 column between tabs, expected 2"));
}

// ---- sentences to be found ----

class NearestIsNext : public NeighboursOnly {
 public:
  std::int64_t count(std::int64_t) const override { return 3; }
  Neighbours neighbours(std::int64_t from, std::int64_t to, std::int64_t k) const override {
    CHECK((from == 1 && to == 0 && k == 1));  // from English to foreign
    return {{0, 2, 2}, {1.F, 1.F, 1.F}};
  }
};

TEST_CASE("tatoeba looks up each English sentence's nearest foreign one", "[tasks]") {
  TaskOnFiles task("tatoeba");
  task.file("foreign", "eins\nzwei\ndrei\n");
  task.file("english", "one\ntwo\nthree");
  const auto data = task.open();
  REQUIRE(data->size() == 3);
  const auto features = task.features(*data);
  REQUIRE(features.size() == 6);
  CHECK(integers(features, 2, 0) == Ints{0, 10 + 'z', 2});
  CHECK(integers(features, 2, 1) == Ints{0});
  CHECK(integers(features, 3, 0) == Ints{0, 10 + 't', 2});
  CHECK(integers(features, 3, 1) == Ints{1});
  const NearestIsNext search;
  const auto decoder = data->decoder();
  const auto found = predictions(*decoder, 3, &search);
  CHECK(found == std::vector<std::string>{"1", "3", "3"});
  CHECK(data->example(1).id == "2");
  CHECK(data->score(1, found[1]) == std::vector<double>{0, 1});
  CHECK(data->score(2, found[2]) == std::vector<double>{1, 1});
}

TEST_CASE("tatoeba refuses lists of different lengths at the first line too many", "[tasks]") {
  TaskOnFiles task("tatoeba");
  task.file("foreign", "eins\nzwei\n");
  task.file("english", "one\n");
  CHECK(task.error() == task.path("foreign") +
                            ":2: a line without a translation, expected 1 lines as in " +
                            task.path("english"));
  task.file("foreign", "\xff");
  CHECK(task.error() == task.path("foreign") + ":1: byte 1 of the line isn't UTF-8");
}

}  // namespace
}  // namespace sojourn
