// What each further bundled task adds to its family: its files, and the rows that it refuses.
#include <string>
#include <vector>

#include "tests/plugins/task_on_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("snli reads the pairs of its download under mnli's labels", "[tasks]") {
  TaskOnFiles task("snli");
  task.file("pairs",
            R"({"gold_label": "neutral", "sentence1": "a", "sentence2": "b", "pairID": "7"})"
            "\n"
            R"({"gold_label": "-", "sentence1": "a", "sentence2": "c"})"
            "\n");
  const auto data = task.open();
  REQUIRE(data->size() == 1);
  CHECK(data->example(0).id == "7");
  CHECK(task.manifest().head == TaskOnFiles("mnli").manifest().head);
}

constexpr const char* kQqpHeader = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n";

TEST_CASE("qqp reads GLUE's columns, quotes and all, and leaves out rows that lack some",
          "[tasks]") {
  TaskOnFiles task("qqp");
  task.file("pairs", std::string(kQqpHeader) + "4\t1\t2\t\"Why?\tWhy \"so\"?\t1\n" +
                         "5\t3\t4\tbroken\n" + "6\t5\t6\tHow?\tWho?\t0\n");
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  CHECK(data->example(1).id == "6");
  CHECK(data->score(0, "1") == std::vector<double>{1, 1});
  const auto features = task.features(*data);
  CHECK(integers(features, 0, 0) ==
        Ints{0, 10 + '"', 10 + '?', 2, 2, 10 + 'W', 10 + '"', 10 + '?', 2});
}

TEST_CASE("qqp names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("qqp");
  const auto [content, message] = GENERATE(table<std::string, std::string>({
      {"1\t1\t2\ta\tb\t1\n", ":1: not the header of GLUE, id .. is_duplicate"},
      {std::string(kQqpHeader) + "1\t1\t2\ta\tb\t2\n", ":2: is_duplicate '2', expected one of 0 1"},
      {std::string(kQqpHeader) + "1\t1\t2\ta\tb\t1\tc\n", ":2: 7 columns between tabs, expected 6"},
      {std::string(kQqpHeader) + "1\t1\t2\ta\tb\t1\n1\t1\t2\ta\tb\t1\n",
       ":3: id '1' again, first on line 2"},
  }));
  task.file("pairs", content);
  CHECK(task.error() == task.path("pairs") + message);
}

TEST_CASE("pawsx reads XTREME's columns and the original ones, whose ids align translations",
          "[tasks]") {
  TaskOnFiles task("pawsx");
  task.file("pairs", "a b\tb a\t1\nc d\td c\t0\n");
  const auto xtreme = task.open();
  REQUIRE(xtreme->size() == 2);
  CHECK(xtreme->example(1).id == "2");
  CHECK(xtreme->score(1, "0") == std::vector<double>{1, 1});
  task.file("pairs", "id\tsentence1\tsentence2\tlabel\n10\ta b\tb a\t1\n");
  const auto original = task.open();
  REQUIRE(original->size() == 1);
  CHECK(original->example(0).align == "10");
  CHECK(integers(task.features(*original), 0, 0) ==
        Ints{0, 10 + 'a', 10 + 'b', 2, 2, 10 + 'b', 10 + 'a', 2});
}

TEST_CASE("pawsx names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("pawsx");
  const auto [content, message] = GENERATE(table<std::string, std::string>({
      {"a\tb\t1\na\tb\t2\n", ":2: label '2', expected one of 0 1"},
      {"a\tb\t1\n1\ta\tb\t1\n", ":2: 4 columns between tabs, expected 3"},
      {"id\tsentence1\tsentence2\tlabel\n1\ta\tb\t0\n1\ta\tb\t0\n",
       ":3: id '1' again, first on line 2"},
  }));
  task.file("pairs", content);
  CHECK(task.error() == task.path("pairs") + message);
}

TEST_CASE("panx drops the language in front of every word, and leaves a word that looks like it",
          "[tasks]") {
  TaskOnFiles task("panx");
  const auto [content, first_piece] = GENERATE(table<std::string, char>({
      {"de:Ada\tB-PER\nde:Lovelace\tI-PER\n\nde:ja\tO\n", 'A'},
      {"Ada\tB-PER\nLovelace\tI-PER\n\nja\tO\n", 'A'},
      {"de:\tB-PER\nAda\tI-PER\n\nja\tO\n", 'd'},
  }));
  task.file("sentences", content);
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  CHECK(integers(task.features(*data), 0, 0)[1] == 10 + first_piece);
}

TEST_CASE("panx is scored by chunks of both profiles, and by words", "[tasks]") {
  TaskOnFiles task("panx");
  task.file("sentences", "in\tO\nNew\tB-LOC\nYork\tI-LOC\n");
  const auto data = task.open();
  CHECK(data->score(0, "O B-LOC I-LOC") == std::vector<double>{3, 3, 1, 1, 1, 1, 1, 1});
  CHECK(data->score(0, "O I-LOC I-LOC") == std::vector<double>{2, 3, 1, 1, 1, 1, 1, 1});
  CHECK(data->score(0, "O B-LOC B-LOC") == std::vector<double>{2, 3, 0, 2, 1, 0, 2, 1});
  const auto& metrics = task.manifest().metrics;
  REQUIRE(metrics.size() == 3);
  CHECK(metrics[0].profile == "xtreme-2020");
  CHECK(metrics[0].primary);
  CHECK(metrics[0].evaluate({3, 3, 1, 2, 1, 0, 0, 0}) == Approx(100.0 * 2 / 3));
}

// ---- one of several choices ----

constexpr const char* kScene =
    R"({"ctx_a": "ab", "ctx_b": "cd", "endings": ["ef", "gh", "ij kl", "mn"], "label": 2})"
    "\n";

TEST_CASE("hellaswag pairs the scene with each ending, and decodes the best one", "[tasks]") {
  TaskOnFiles task("hellaswag");
  task.file("scenes", kScene);
  const auto data = task.open();
  const auto features = task.features(*data);
  REQUIRE(features.size() == 1);
  CHECK(features.field(0, 0).shape == Ints{4, 8});
  const auto* ids = static_cast<const std::int64_t*>(features.field(0, 0).data);
  CHECK(Ints(ids, ids + 8) == Ints{0, 10 + 'a', 2, 2, 10 + 'c', 10 + 'e', 2, -1});
  CHECK(Ints(ids + 16, ids + 24) == Ints{0, 10 + 'a', 2, 2, 10 + 'c', 10 + 'i', 10 + 'k', 2});
  CHECK(integers(features, 0, 1) == Ints{2});
  CHECK(features.used_ids().front() == 0);  // the end of a row is no id
  const auto decoder = data->decoder();
  const float scores[] = {0.F, 1.F, 3.F, 2.F};
  const NamedArray logits{"logits", {FieldType::kFloat32, {4}, scores}};
  decoder->add(0, {&logits, 1});
  const auto found = predictions(*decoder, 1);
  CHECK(found[0] == "2");
  CHECK(data->score(0, found[0]) == std::vector<double>{1, 1});
  CHECK(data->score(0, "1") == std::vector<double>{0, 1});
}

TEST_CASE("hellaswag names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("hellaswag");
  const std::string good = kScene;
  const auto [content, message] = GENERATE_COPY(table<std::string, std::string>({
      {good + R"({"ctx_a": "a", "ctx_b": "", "endings": ["b"], "label": 0})",
       ":2: /endings has 1 entries, expected 4"},
      {good + R"({"ctx_a": "a", "ctx_b": "", "label": 0})", ":2: no list at /endings"},
      {R"({"ctx_a": "a", "ctx_b": "", "endings": ["b", "c", 7, "d"], "label": 0})",
       ":1: /endings/2 is a number, expected a string"},
      {R"({"ctx_a": "a", "ctx_b": "", "endings": ["b", "c", "d", "e"], "label": 4})",
       ":1: label 4, expected 0 to 3"},
      {R"({"ctx_a": "a", "ctx_b": "", "endings": ["b", "c", "d", "e"], "label": "0"})",
       ":1: key 'label' is a string, expected a whole number"},
  }));
  task.file("scenes", content);
  CHECK(task.error() == task.path("scenes") + message);
}

constexpr const char* kCsvHeader = "id,context,question,answer0,answer1,answer2,answer3,label\n";

TEST_CASE("cosmosqa reads quoted cells with commas, quotes and line breaks", "[tasks]") {
  TaskOnFiles task("cosmosqa");
  task.file("questions", std::string(kCsvHeader) +
                             "x,\"one, \"\"two\"\"\nthree\",why?,a,b,\"c\",,1\n"
                             "y,four,who?,a,b,c,d,3\n");
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  CHECK(data->score(0, "1") == std::vector<double>{1, 1});
  const auto features = task.features(*data);
  const auto* ids = static_cast<const std::int64_t*>(features.field(0, 0).data);
  CHECK(Ints(ids, ids + 5) == Ints{0, 10 + 'o', 10 + '"', 10 + '"', 10 + 'r'});
  CHECK(data->example(1).id == "2");
}

TEST_CASE("cosmosqa names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("cosmosqa");
  const std::string header = kCsvHeader;
  const auto [content, message] = GENERATE_COPY(table<std::string, std::string>({
      {header + "x,c,q,a,b,c,1\n", ":2: 7 cells, expected 8 as in the header"},
      {header + "x,\"c\nd\",q,a,b,c,d,1\nx,\"c,q,a,b,c,d,1\n",
       ":4: a quoted cell that doesn't end"},
      {header + "x,\"c\"d,q,a,b,c,d,1\n", ":2: text behind a cell's closing quote"},
      {header + "x,c,q,a,b,c,d,4\n", ":2: label '4', expected one of 0 1 2 3"},
      {"id,context\nx,c\n", ":1: no column 'question' in the header"},
  }));
  task.file("questions", content);
  CHECK(task.error() == task.path("questions") + message);
}

TEST_CASE("commonsenseqa takes the letter of the answer", "[tasks]") {
  TaskOnFiles task("commonsenseqa");
  const std::string choices =
      R"([{"label": "A", "text": "a"}, {"label": "B", "text": "b"}, {"label": "C", "text": "c"},)"
      R"( {"label": "D", "text": "d"}, {"label": "E", "text": "e"}])";
  const auto row = [&](const std::string& answer, const std::string& list) {
    return R"({"answerKey": ")" + answer +
           R"(", "id": "7", "question": {"stem": "s", "choices": )" + list + "}}\n";
  };
  task.file("questions", row("C", choices));
  const auto data = task.open();
  CHECK(data->example(0).id == "7");
  CHECK(data->score(0, "2") == std::vector<double>{1, 1});
  CHECK(task.features(*data).field(0, 0).shape == Ints{5, 6});
  task.file("questions", row("F", choices));
  CHECK(task.error() == task.path("questions") + ":1: answerKey 'F', expected one of A B C D E");
  task.file("questions", row("A", choices) + row("A", choices));
  CHECK(task.error() == task.path("questions") + ":2: id '7' again, first on line 1");
}

// ---- labels, gold and parts that differ from run to run ----

TEST_CASE("ccg takes its categories from the train file, and counts others as wrong", "[tasks]") {
  TaskOnFiles task("ccg");
  task.file("sentences", "Ada\tNP\nsings\tS\\NP\n\nAda\tNP\n");
  const auto labels = task.labels();
  CHECK(labels == std::vector<std::string>{"NP", "S\\NP"});
  task.file("sentences", "Ada\tNP\nhums\tS/NP\n");
  const auto data = task.open(64, labels);
  CHECK(integers(task.features(*data), 0, 1) == Ints{-100, 0, -100, -100});
  CHECK(data->score(0, "NP S\\NP") == std::vector<double>{1, 2});
}

TEST_CASE("ccg names file and line of a train file that is wrong", "[tasks]") {
  TaskOnFiles task("ccg");
  task.file("sentences", "Ada\tNP\nsings\n");
  CHECK(input_error_of([&] { task.labels(); }) ==
        task.path("sentences") + ":2: 1 column between tabs, expected 2");
}

constexpr const char* kRound = R"({"uid": "u1", "context": "a b", "hypothesis": "c", "label": "c"})"
                               "\n";

TEST_CASE("anli is one data set of the parts that are there", "[tasks]") {
  TaskOnFiles task("anli");
  task.file("R2", kRound);
  task.file("snli",
            R"({"gold_label": "neutral", "sentence1": "a", "sentence2": "b", "pairID": "7"})"
            "\n");
  const auto train = task.open(64, {}, "train");
  REQUIRE(train->size() == 2);
  CHECK(train->example(0).id == "snli/7");
  CHECK(train->example(1).id == "R2/u1");
  CHECK(train->score(1, "contradiction") == std::vector<double>{1, 1});
  CHECK(task.manifest().head == TaskOnFiles("mnli").manifest().head);
}

TEST_CASE("anli names file and line of a row that is wrong", "[tasks]") {
  TaskOnFiles task("anli");
  const auto [content, message] = GENERATE(table<std::string, std::string>({
      {R"({"uid": "u1", "context": "a b", "hypothesis": "c", "label": "x"})",
       ":1: label 'x', expected one of e n c"},
      {std::string(kRound) + kRound, ":2: uid 'u1' again, first on line 1"},
  }));
  task.file("R1", content);
  CHECK(task.error() == task.path("R1") + message);
}

TEST_CASE("A benchmark's gold is read without its texts", "[tasks]") {
  TaskOnFiles pairs("xnli");
  pairs.file("labels", "neutral\nentailment\n");
  const auto labels = pairs.open(64, {}, "labels");
  REQUIRE(labels->size() == 2);
  CHECK(labels->example(1).id == "2");
  CHECK(labels->score(1, "entailment") == std::vector<double>{1, 1});

  TaskOnFiles tags("udpos");
  tags.file("labels", "ADJ\nNOUN\n\nVERB\n\n");
  const auto sentences = tags.open(64, {}, "labels");
  REQUIRE(sentences->size() == 2);
  CHECK(sentences->score(0, "ADJ VERB")->at(0) == 1);
  tags.file("labels", "ADJ\nNUON\n");
  CHECK(input_error_of([&] {
          tags.open(64, {}, "labels");
        }).find(":2: tag 'NUON', expected one of ADJ") != std::string::npos);
}

}  // namespace
}  // namespace sojourn
