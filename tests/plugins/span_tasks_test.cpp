// The tasks that answer a question by a part of its context: their files, windows, spans and
// scores.
#include <memory>
#include <string>
#include <vector>

#include "tests/plugins/task_on_files.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// JSON of SQuAD's shape; more: further keys.
std::string paragraph(const std::string& context, const std::string& questions) {
  return R"({"context": ")" + context + R"(", "qas": [)" + questions + "]}";
}
std::string question(const std::string& id, const std::string& text, const std::string& more) {
  return R"({"id": ")" + id + R"(", "question": ")" + text + '"' + (more.empty() ? "" : ", ") +
         more + "}";
}
std::string answer(const std::string& text, int start) {
  return R"("answers": [{"text": ")" + text + R"(", "answer_start": )" + std::to_string(start) +
         "}]";
}
std::string file_of(const std::string& paragraphs, const std::string& title = "A page") {
  return R"({"version": "1", "data": [{"title": ")" + title + R"(", "paragraphs": [)" + paragraphs +
         "]}]}";
}
std::string one_question(const std::string& context, const std::string& more) {
  return file_of(paragraph(context, question("q1", "Who?", more)));
}

// Decodes windows of which a test says, for single pieces, how high start and end are.
class Decoding {
 public:
  Decoding(const Dataset& data, const FeatureTable& features)
      : data_(&data), features_(&features), decoder_(data.decoder()) {}

  struct Score {
    std::size_t piece;
    float start, end;
  };
  void add(std::int64_t feature, const std::vector<Score>& scores, std::int64_t example = 0) {
    const auto pieces = features_->lengths()[static_cast<std::size_t>(feature)];
    std::vector<float> logits(2 * static_cast<std::size_t>(pieces), 0.F);
    for (const auto& score : scores) {
      logits.at(score.piece) = score.start;
      logits.at(static_cast<std::size_t>(pieces) + score.piece) = score.end;
    }
    const std::vector<NamedArray> arrays{
        {"input_ids", features_->field(feature, 0)},
        {"begin", features_->field(feature, 1)},
        {"end", features_->field(feature, 2)},
        {"logits", {FieldType::kFloat32, {2, pieces}, logits.data()}}};
    decoder_->add(example, arrays);
  }
  std::string tune() { return decoder_->tune(nullptr); }
  std::vector<std::string> finish(const std::string& tuned = "") {
    std::vector<std::string> found(static_cast<std::size_t>(data_->size()));
    decoder_->finish(tuned, nullptr, [&](std::int64_t i, std::string_view text) {
      found.at(static_cast<std::size_t>(i)) = text;
    });
    return found;
  }

 private:
  const Dataset* data_;
  const FeatureTable* features_;
  std::unique_ptr<Decoder> decoder_;
};

constexpr std::size_t kBegin = 1;  // fields
constexpr std::size_t kEnd = 2;
constexpr std::size_t kAnswer = 3;

// ---- from text to windows ----

TEST_CASE("answer_start counts code points, offsets are bytes", "[tasks][spans]") {
  TaskOnFiles task("xquad");
  // <s> Who? </s></s> Zoë mag 中 文 sehr </s>
  task.file("questions", one_question("Zo\u00eb mag \u4e2d\u6587 sehr", answer("\u4e2d\u6587", 8)));
  const auto data = task.open();
  REQUIRE(data->size() == 1);
  const auto features = task.features(*data);
  REQUIRE(features.size() == 1);
  CHECK(integers(features, 0, kBegin) == Ints{-1, -1, -1, -1, 0, 5, 9, 12, 16, -1});
  CHECK(integers(features, 0, kEnd) == Ints{-1, -1, -1, -1, 4, 8, 12, 15, 20, -1});
  CHECK(integers(features, 0, kAnswer) == Ints{6, 7});

  Decoding decoding(*data, features);
  decoding.add(0, {{6, 5, 0}, {7, 0, 5}});
  const auto found = decoding.finish();
  CHECK(found[0] == "\u4e2d\u6587");
  CHECK(data->score(0, found[0]) == std::vector<double>{1, 1, 1});
}

TEST_CASE("An answer_start is no byte, where a text that comes again could hide it",
          "[tasks][spans]") {
  TaskOnFiles task("xquad");
  const std::string wide = "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9";  // 3 pieces
  task.file("questions", one_question(wide + " a b a", answer("a", 11)));
  CHECK(integers(task.features(*task.open()), 0, kAnswer) == Ints{9, 9});
}

TEST_CASE("An answer that tokenization moves takes all pieces that share a byte with it",
          "[tasks][spans]") {
  TaskOnFiles task("xquad");
  task.file("questions", one_question("abcdefghij kl", answer("defghi", 3)));  // abcd efgh ij kl
  CHECK(integers(task.features(*task.open()), 0, kAnswer) == Ints{4, 6});
  task.file("questions", one_question("ab cd ef", answer(" cd ", 2)));  // ends in spaces
  CHECK(integers(task.features(*task.open()), 0, kAnswer) == Ints{5, 5});
}

TEST_CASE("A wrong answer_start is mended by the answer's text, the nearest one",
          "[tasks][spans]") {
  TaskOnFiles task("xquad");
  const auto [start, piece] = GENERATE(
      table<int, std::int64_t>({{0, 5}, {4, 5}, {5, 7}, {6, 7}, {8, 7}, {99, 7}, {-1, 5}}));
  task.file("questions", one_question("a b c b", answer("b", start)));
  CAPTURE(start);
  CHECK(integers(task.features(*task.open()), 0, kAnswer) == Ints{piece, piece});
}

TEST_CASE("A long context becomes overlapping windows, the answer in those that hold all of it",
          "[tasks][spans]") {
  TaskOnFiles task("xquad");
  // 14 pieces, 10 without special tokens, 9 behind the question; they overlap by 4.
  task.file("questions", one_question("a b c d e f g h i j k l m n", answer("i j", 16)));
  const auto features = task.features(*task.open(14));
  REQUIRE(features.size() == 2);
  CHECK(integers(features, 0, kBegin) == Ints{-1, -1, -1, -1, 0, 2, 4, 6, 8, 10, 12, 14, 16, -1});
  CHECK(integers(features, 1, kBegin) ==
        Ints{-1, -1, -1, -1, 10, 12, 14, 16, 18, 20, 22, 24, 26, -1});
  CHECK(integers(features, 0, kAnswer) == Ints{0, 0});  // it ends in the next window
  CHECK(integers(features, 1, kAnswer) == Ints{7, 8});
}

TEST_CASE("A long question is cut to half of a small window, to 64 pieces of a large one",
          "[tasks][spans]") {
  TaskOnFiles task("xquad");
  std::string words;
  for (int i = 0; i < 100; ++i) words += "w ";
  task.file("questions", file_of(paragraph("a b c", question("q1", words, answer("b", 2)))));
  const auto data = task.open(384);
  CHECK(integers(task.features(*data), 0, 0).size() == 64 + 4 + 3);
  CHECK(integers(task.features(*task.open(14)), 0, 0).size() == 5 + 4 + 3);
}

TEST_CASE("Windows of the usual size overlap by 128 pieces", "[tasks][spans]") {
  TaskOnFiles task("squad");
  std::string context;
  for (int i = 0; i < 600; ++i) context += "w ";
  task.file("questions", one_question(context, answer("w", 0)));
  const auto features = task.features(*task.open(384, {}, "train", "en"));
  REQUIRE(features.size() == 2);
  const auto first = integers(features, 0, kBegin);
  const auto second = integers(features, 1, kBegin);
  CHECK(first.size() == 384);
  CHECK(first[first.size() - 2] / 2 - second[4] / 2 + 1 == 128);
}

// ---- gold that is there, that isn't, and that nobody has ----

TEST_CASE("squad_v2 learns <s> for a question without an answer, whose right prediction is empty",
          "[tasks][spans]") {
  TaskOnFiles task("squad_v2");
  const auto none =
      GENERATE(as<std::string>{}, R"("is_impossible": true, "answers": [])",
               R"("is_impossible": true)", R"("answers": [])",
               R"("plausible_answers": [], "answers": [{"text": "", "answer_start": 0}])");
  task.file("questions", one_question("a b c", none));
  const auto data = task.open(64, {}, "train", "en");
  CHECK(integers(task.features(*data), 0, kAnswer) == Ints{0, 0});
  CHECK(data->score(0, "") == std::vector<double>{1, 1, 1});
  CHECK(data->score(0, "b") == std::vector<double>{0, 0, 1});
}

TEST_CASE("A test file without answers is predicted and not scored", "[tasks][spans]") {
  TaskOnFiles task("mlqa");
  const auto blank = GENERATE(as<std::string>{}, "", R"("answers": [])",
                              R"("answers": [{"text": "", "answer_start": 0}])");
  task.file("questions", one_question("a b c", blank));
  const auto data = task.open();
  CHECK_FALSE(data->score(0, "b"));
  CHECK(integers(task.features(*data), 0, kAnswer) == Ints{-100, -100});
  CHECK(input_error_of([&] { task.open(64, {}, "dev"); }) ==
        task.path("questions") + ": question 'q1': no answer, expected one");
}

TEST_CASE("An answer that isn't in the context is scored by its text, and can't be trained on",
          "[tasks][spans]") {
  TaskOnFiles task("squad");
  task.file("questions", one_question("a b c", answer("d", 2)));
  const auto dev = task.open(64, {}, "dev", "en");
  CHECK(dev->score(0, "d") == std::vector<double>{1, 1, 1});
  CHECK(integers(task.features(*dev), 0, kAnswer) == Ints{-100, -100});
  CHECK(input_error_of([&] { task.open(64, {}, "train", "en"); }) ==
        task.path("questions") +
            ": question 'q1'.answers[0]: 'd' isn't in the context, neither at "
            "answer_start nor elsewhere");
}

TEST_CASE("The answers of other questions don't count, all of a question's do", "[tasks][spans]") {
  TaskOnFiles task("xquad");
  task.file("questions",
            file_of(paragraph("a b c", question("q1", "?", R"("answers": [
                {"text": "the b", "answer_start": 0}, {"text": "b c", "answer_start": 2}])") +
                                           "," + question("q2", "?", answer("b c", 2)))));
  const auto data = task.open();
  REQUIRE(data->size() == 2);
  CHECK(data->example(1).id == "q2");
  CHECK(data->example(1).align == "q2");
  CHECK(data->example(1).cluster == "A page");
  CHECK(data->score(0, "b, c") == std::vector<double>{1, 1, 1});
  CHECK(data->score(0, "b") == std::vector<double>{1, 1, 1});
  CHECK(data->score(1, "b")->at(0) == 0);
  CHECK(data->score(1, "b")->at(1) == Approx(2.0 / 3));
  CHECK(integers(task.features(*data), 0, kAnswer) == Ints{5, 6});  // the first that is there
  task.file("questions", one_question("a b c", R"("answers": [
                {"text": "a", "answer_start": 0}, {"text": "b c", "answer_start": 2}])"));
  CHECK(integers(task.features(*task.open()), 0, kAnswer) == Ints{4, 4});
}

TEST_CASE("mlqa is scored by the rules of the language", "[tasks][spans]") {
  TaskOnFiles task("mlqa");
  task.file("questions", one_question("der Hund", answer("der Hund", 0)));
  const auto exact = [&](const std::string& language) {
    return task.open(64, {}, "test", language)->score(0, "Hund")->at(0);
  };
  CHECK(exact("de") == 1);
  CHECK(exact("en") == 0);
  CHECK(task.manifest().metrics[0].profile == "mlqa-1");
}

TEST_CASE("Untitled articles with one context are one document", "[tasks][spans]") {
  TaskOnFiles task("xquad");
  const auto article = [](const std::string& context, const std::string& id) {
    return R"({"paragraphs": [)" + paragraph(context, question(id, "?", answer("a", 0))) + "]}";
  };
  task.file("questions", R"({"data": [)" + article("a b", "1") + "," + article("a c", "2") + "," +
                             article("a b", "3") + "]}");
  const auto data = task.open();
  CHECK(data->example(0).cluster == "article-1");
  CHECK(data->example(1).cluster == "article-2");
  CHECK(data->example(2).cluster == "article-1");
}

TEST_CASE("tydiqa leaves out the languages that weren't asked for", "[tasks][spans]") {
  TaskOnFiles task("tydiqa");
  task.file("questions",
            file_of(paragraph("a b", question("english-5-1", "?", answer("a", 0)) + "," +
                                         question("swahili-6-1", "?", answer("b", 2)) + "," +
                                         question("7", "?", answer("b", 2)))));
  const auto english = task.open(64, {}, "train", "en");
  REQUIRE(english->size() == 2);
  CHECK(english->example(0).id == "english-5-1");
  CHECK(english->example(1).id == "7");
  const auto swahili = task.open(64, {}, "test", "sw");
  REQUIRE(swahili->size() == 2);
  CHECK(swahili->example(0).id == "swahili-6-1");
  CHECK(task.manifest().head == TaskOnFiles("squad").manifest().head);
}

TEST_CASE("tydiqa tells the shortened ids of XTREME's train file apart", "[tasks][spans]") {
  TaskOnFiles task("tydiqa");
  task.file("questions", file_of(paragraph("a b", question("1", "?", answer("a", 0)) + "," +
                                                      question("1", "?", answer("b", 2)))));
  const auto train = task.open(64, {}, "train", "en");
  REQUIRE(train->size() == 2);
  CHECK(train->example(1).id == "1#2");
  CHECK(task.error() == task.path("questions") + ": question '1': comes twice");
}

TEST_CASE("A file that is wrong is refused with the line or the question", "[tasks][spans]") {
  TaskOnFiles task("squad_v2");
  const auto with = [](const std::string& more) { return one_question("a b c", more); };
  const auto [content, message] = GENERATE_COPY(table<std::string, std::string>({
      {"", ":1: not JSON at byte 1, where the file ends: is it cut?"},
      {"{\n\"data\": [\n", ":3: not JSON at byte 13, where the file ends: is it cut?"},
      {"{\n\"data\": [,]}", ":2: not JSON at byte 12"},
      {"{\"data\": \"\xff\"}", ":1: not JSON at byte 11"},
      {R"({"data": [], "data": []})", ": key 'data' comes twice"},
      {R"({"data": 1e999})", ": a number that no computer number holds"},
      {"[]", ": a JSON array, expected an object"},
      {"{}", ": no key 'data'"},
      {R"({"data": []})", ": no question in the file"},
      {R"({"data": {}})", ": data: a JSON object, expected a list"},
      {R"({"data": [{"title": 3}]})", ": data[0]: no key 'paragraphs'"},
      {R"({"data": [{"title": 3, "paragraphs": [{"context": "", "qas": []}]}]})",
       ": data[0].title: a JSON number, expected a string"},
      {R"({"data": [{"paragraphs": [{"qas": []}]}]})", ": data[0].paragraphs[0]: no key 'context'"},
      {file_of(paragraph("a", R"({"question": "?"})")),
       ": data[0].paragraphs[0].qas[0]: no key 'id'"},
      {file_of(paragraph("a", R"({"id": 7})")),
       ": data[0].paragraphs[0].qas[0].id: a JSON number, expected a string"},
      {file_of(paragraph("a", R"({"id": ""})")), ": data[0].paragraphs[0].qas[0].id: is empty"},
      {file_of(paragraph("a", R"({"id": "7"})")), ": question '7': no key 'question'"},
      {file_of(paragraph(
           "a b", question("q", "?", answer("b", 2)) + "," + question("q", "?", answer("b", 2)))),
       ": question 'q': comes twice"},
      {with(R"("answers": {"text": ["b"], "answer_start": [2]})"),
       ": question 'q1'.answers: a JSON object, expected a list"},
      {with(R"("answers": [{"text": "b"}])"), ": question 'q1'.answers[0]: no key 'answer_start'"},
      {with(R"("answers": [{"text": "b", "answer_start": 2.0}])"),
       ": question 'q1'.answers[0].answer_start: a JSON number, expected a whole number"},
      {with(R"("is_impossible": "no")"),
       ": question 'q1'.is_impossible: a JSON string, expected true or false"},
      {with(R"("is_impossible": true, )" + answer("b", 2)),
       ": question 'q1': is_impossible, but it has an answer"},
      {with(""), ": question 'q1': no answer, expected one"},
  }));
  CAPTURE(content);
  task.file("questions", content);
  CHECK(input_error_of([&] { task.open(64, {}, "train", "en"); }) ==
        task.path("questions") + message);
}

// ---- from outputs to answers ----

TEST_CASE("The best span of all windows is the answer, of equals the first", "[tasks][spans]") {
  TaskOnFiles task("xquad");
  task.file("questions", one_question("a b c d e f g h i j k l m n", answer("i j", 16)));
  const auto data = task.open(14);
  const auto features = task.features(*data);
  Decoding decoding(*data, features);
  decoding.add(0, {{0, 50, 50}, {1, 50, 50}, {4, 3, 0}, {6, 0, 3}});  // <s> and the question can't
  decoding.add(1, {{9, 4, 0}, {10, 0, 2}});
  CHECK(decoding.finish("")[0] == "a b c");
  Decoding second(*data, features);
  second.add(0, {{4, 3, 0}, {6, 0, 3}});
  second.add(1, {{9, 4, 0}, {10, 0, 3}});
  CHECK(second.finish("")[0] == "k l");
}

TEST_CASE("A context without a piece has the answer that is none", "[tasks][spans]") {
  TaskOnFiles task("xquad");
  task.file("questions", one_question(" ", R"("answers": [])"));
  const auto data = task.open();
  const auto features = task.features(*data);
  Decoding decoding(*data, features);
  decoding.add(0, {});
  CHECK(decoding.finish()[0].empty());
}

TEST_CASE("squad_v2 predicts none above a margin of 0, or of what dev says", "[tasks][spans]") {
  TaskOnFiles task("squad_v2");
  task.file("questions", file_of(paragraph("a b", question("1", "?", answer("a", 0)) + "," +
                                                      question("2", "?", R"("answers": [])") + "," +
                                                      question("3", "?", answer("b", 2)))));
  const auto data = task.open(64, {}, "dev", "en");
  const auto features = task.features(*data);
  const auto decode = [&](const auto& use) {
    Decoding decoding(*data, features);
    // <s> ? </s></s> a b </s>; none is scored 1, 6 and 3 above the best span.
    decoding.add(0, {{0, 6, 0}, {4, 3, 2}}, 0);
    decoding.add(1, {{0, 9, 0}, {4, 1, 2}}, 1);
    decoding.add(2, {{0, 5, 0}, {5, 1, 1}}, 2);
    return use(decoding);
  };
  using Texts = std::vector<std::string>;
  CHECK(decode([](Decoding& d) { return d.finish(); }) == Texts{"", "", ""});
  const auto tuned = decode([](Decoding& d) { return d.tune(); });
  CHECK(tuned == "3");
  CHECK(decode([&](Decoding& d) { return d.finish(tuned); }) == Texts{"a", "", "b"});
  CHECK(decode([](Decoding& d) { return d.finish("-inf"); }) == Texts{"", "", ""});
  CHECK(decode([](Decoding& d) { return d.finish("6"); }) == Texts{"a", "a", "b"});
}

TEST_CASE("Where every question has an answer, none is never predicted", "[tasks][spans]") {
  TaskOnFiles task("squad");
  task.file("questions", one_question("a b", answer("b", 2)));
  const auto data = task.open(64, {}, "dev", "en");
  const auto features = task.features(*data);
  Decoding decoding(*data, features);
  decoding.add(0, {{0, 50, 50}, {5, 1, 1}});
  CHECK(decoding.finish()[0] == "b");
}

TEST_CASE("The score of none is the lowest of a question's windows", "[tasks][spans]") {
  TaskOnFiles task("squad_v2");
  task.file("questions", one_question("a b c d e f g h i j k l m n", answer("i j", 16)));
  const auto data = task.open(14, {}, "dev", "en");
  const auto features = task.features(*data);
  Decoding decoding(*data, features);
  decoding.add(0, {{0, 5, 5}, {4, 3, 3}});
  decoding.add(1, {{0, 2, 2}, {9, 1, 1}});
  CHECK(decoding.finish()[0] == "a");
  Decoding other(*data, features);
  other.add(0, {{0, 2, 2}, {4, 3, 3}});
  other.add(1, {{0, 5, 5}, {9, 1, 1}});
  CHECK(other.finish()[0] == "a");
}

}  // namespace
}  // namespace sojourn
