#include "core/data/manifest.h"

#include <cmath>
#include <string>
#include <string_view>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/options.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

constexpr std::string_view kGood = R"({
  "name": "pairs", "kind": "pair classification", "licence": "CC0", "languages": ["en", "sw"],
  "codes": {"sw": "swh"},
  "splits": {"test": {"files": {"pairs": ["p/test-{language}.tsv", "p/*/{code}.tsv"]}}},
  "train_on": ["other"],
  "fields": [{"name": "input_ids", "type": "int64", "dims": ["T"], "pad": 0},
             {"name": "label", "type": "int64", "dims": [], "pad": -100}],
  "loss_items": "label", "head": {"family": "pair", "labels": ["yes", "no"]},
  "inputs": ["hidden", "hidden:4", "mean:4", "attention_mask", "label"], "outputs": [{"name": "logits", "dims": ["2"]}],
  "statistics": ["correct", "total"],
  "metrics": [{"name": "accuracy", "profile": "accuracy", "ratio": ["correct", "total"], "primary": true}],
  "ops": ["core1::linear"]})";

std::string with(std::string_view from, std::string_view to) {
  REQUIRE(kGood.find(from) != std::string_view::npos);
  return replace_all(std::string(kGood), from, to);
}

TEST_CASE("A manifest tells the host all that it must know of a task", "[core][data]") {
  const Manifest manifest = parse_manifest(kGood, "x.so");
  CHECK(manifest.name == "pairs");
  CHECK(manifest.codes.at("sw") == "swh");
  CHECK(manifest.splits.at("test")[0].patterns[1] == "p/*/{code}.tsv");
  CHECK(manifest.train_on == std::vector<std::string>{"other"});
  CHECK(manifest.fields[1].pad == -100);
  REQUIRE(manifest.head.has_value());
  CHECK(manifest.head.value().labels == std::vector<std::string>{"yes", "no"});
  CHECK(manifest.outputs[0].dims == std::vector<std::string>{"2"});
  REQUIRE(manifest.inputs.size() == 5);
  CHECK(manifest.inputs[0].layer == -1);
  CHECK((manifest.inputs[1].kind == InputSpec::Kind::kHidden && manifest.inputs[1].layer == 4));
  CHECK((manifest.inputs[2].kind == InputSpec::Kind::kMean && manifest.inputs[2].layer == 4));
  CHECK(manifest.inputs[3].kind == InputSpec::Kind::kAttentionMask);
  CHECK(manifest.inputs[4].field == "label");
  CHECK(manifest.metrics[0].arguments == std::vector<std::size_t>{0, 1});
}

// The same task, trained only: its label is a field of pieces that the host hides.
std::string trained_only() {
  std::string text = with(R"({"test": {"files")", R"({"train": {"files")");
  text = replace_all(text, R"("dims": [], "pad": -100)", R"("dims": ["T"], "pad": -100)");
  text = replace_all(text, R"("outputs": [{"name": "logits", "dims": ["2"]}],)",
                     R"("masking": {"share": 0.15, "labels": "label"},)");
  text = replace_all(text, R"("attention_mask")", R"("word_embeddings")");
  const auto scores = text.find(R"("statistics")");
  return text.erase(scores, text.find(R"("ops")") - scores);
}

TEST_CASE("A task that is only trained has no scores, and the host may hide its pieces",
          "[core][data]") {
  const Manifest manifest = parse_manifest(trained_only(), "x.so");
  CHECK_FALSE(manifest.is_scored());
  REQUIRE(manifest.masking.has_value());
  CHECK(manifest.masking.value().share == 0.15);
  CHECK(manifest.masking.value().labels == "label");
  CHECK(manifest.inputs[3].kind == InputSpec::Kind::kWordEmbeddings);
  CHECK(uses_word_table(manifest));
  CHECK_FALSE(uses_word_table(parse_manifest(kGood, "x.so")));
  CHECK(parse_manifest(kGood, "x.so").is_scored());
}

TEST_CASE("Masking that can't be is refused", "[core][data]") {
  const auto [from, to, message] = GENERATE(table<const char*, const char*, const char*>({
      {"0.15", "1.5", "masking.share: expected a number above 0, at most 1"},
      {"0.15", "0", "masking.share: expected a number above 0, at most 1"},
      {"0.15", "\"much\"", "masking.share: expected a number, found \"much\""},
      {R"(, "labels": "label"})", "}", "masking: no key 'labels'"},
      {R"("labels": "label")", R"("labels": "input_ids")",
       "masking.labels: 'input_ids' isn't the field of loss_items"},
      {R"("dims": ["T"], "pad": -100)", R"("dims": [], "pad": -100)",
       "masking: input_ids and 'label' must both be [T]"},
      {R"("ops")", R"("statistics": ["n"], "ops")",
       "statistics: only a task that is scored has these"},
      {R"("head": {"family": "pair", "labels": ["yes", "no"]},)", "",
       "inputs: only a task with a head has these"},
  }));
  CAPTURE(from, to);
  const std::string text = trained_only();
  REQUIRE(text.find(from) != std::string::npos);
  CHECK_THROWS_WITH(parse_manifest(replace_all(text, from, to), "x.so"),
                    Catch::StartsWith("x.so: manifest: ") && Catch::Contains(message));
}

// The same task with options, one of which says a layer, and a loss that compares a batch.
std::string with_options() {
  std::string text = with("mean:4", "mean:$layer");
  return replace_all(text, R"("ops")", R"("negatives": "batch", "options": [
    {"name": "layer", "default": -1, "integer": true, "min": -4},
    {"name": "loss", "default": "a", "choices": ["a", "b"]},
    {"name": "margin", "default": 0.2, "above": 0, "max": 2}], "ops")");
}

TEST_CASE("A task says what a study may set of it", "[core][data][options]") {
  const Manifest manifest = parse_manifest(with_options(), "x.so");
  CHECK(manifest.batch_negatives);
  CHECK(manifest.inputs[2].layer_option == "layer");
  const auto defaults = complete_options(manifest, {}, "here");
  const TaskOptions expected{{"layer", -1.0}, {"loss", std::string("a")}, {"margin", 0.2}};
  CHECK((defaults == expected));
  CHECK(resolve_inputs(manifest, defaults)[2].layer == -1);
  CHECK(resolve_inputs(manifest, defaults)[1].layer == 4);
  const auto given =
      complete_options(manifest, {{"layer", 3.0}, {"loss", std::string("b")}}, "here");
  CHECK(resolve_inputs(manifest, given)[2].layer == 3);
  CHECK(std::get<std::string>(given.at("loss")) == "b");
  CHECK(std::get<double>(given.at("margin")) == 0.2);
  CHECK(parse_manifest(kGood, "x.so").options.empty());
}

TEST_CASE("An option that a task hasn't, or of another value, is refused at its place",
          "[core][data][options]") {
  const Manifest manifest = parse_manifest(with_options(), "x.so");
  const auto [given, message] = GENERATE(table<TaskOptions, std::string>({
      {{{"layr", 3.0}}, "no option 'layr' (did you mean 'layer'?); it has: layer, loss, margin"},
      {{{"layer", std::string("last")}},
       "'layer' of task 'pairs' is 'last'; expected a whole number"},
      {{{"layer", 1.5}}, "is 1.5; expected a whole number at least -4"},
      {{{"layer", -5.0}}, "is -5; expected a whole number at least -4"},
      {{{"loss", 1.0}}, "is 1; expected 'a' or 'b'"},
      {{{"loss", std::string("c")}}, "is 'c'; expected 'a' or 'b'"},
      {{{"margin", 0.0}}, "is 0; expected a number above 0, at most 2"},
      {{{"margin", 2.5}}, "is 2.5; expected a number above 0, at most 2"},
  }));
  CHECK_THROWS_WITH(complete_options(manifest, given, "study.toml:7"),
                    Catch::StartsWith("study.toml:7: ") && Catch::Contains(message));
  CHECK_THROWS_WITH(complete_options(parse_manifest(kGood, "x.so"), {{"layer", 1.0}}, "here"),
                    "here: task 'pairs' has no option 'layer'");
}

TEST_CASE("Options and negatives that can't be are refused", "[core][data][options]") {
  const auto [from, to, message] = GENERATE(table<const char*, const char*, const char*>({
      {"$layer", "$loss", "inputs[2]: 'loss' is no option that is an integer"},
      {"$layer", "$margin", "inputs[2]: 'margin' is no option that is an integer"},
      {"$layer", "$depth", "inputs[2]: 'depth' is no option that is an integer"},
      {R"("default": -1)", R"("default": -5)", "options[0].default: expected a whole number"},
      {R"("default": "a")", R"("default": "c")", "options[1].default: expected 'a' or 'b'"},
      {R"("default": 0.2)", R"("default": "x")", "options[2].default: expected a number, found"},
      {R"("above": 0)", R"("above": 0, "min": 0)", "options[2]: expected either min or above"},
      {R"("choices": ["a", "b"])", R"("choices": ["a", "b"], "max": 2)",
       "options[1].max: a word has none"},
      {R"("name": "loss")", R"("name": "layer")", "options[1]: 'layer' comes twice"},
      {R"("above": 0)", R"("abov": 0)", "options[2]: unknown key 'abov' (did you mean 'above'?)"},
      {R"("negatives": "batch")", R"("negatives": "all")",
       "negatives: expected batch, found 'all'"},
      {R"("head": {"family": "pair", "labels": ["yes", "no"]},)", "",
       "options: only a task with a head has these"},
  }));
  CAPTURE(from, to);
  const std::string text = with_options();
  REQUIRE(text.find(from) != std::string::npos);
  CHECK_THROWS_WITH(parse_manifest(replace_all(text, from, to), "x.so"),
                    Catch::StartsWith("x.so: manifest: ") && Catch::Contains(message));
}

// The same task with choices whose vectors are searched.
std::string searched() {
  std::string text = with(R"("dims": ["T"])", R"("dims": ["C", "T"])");
  text = replace_all(text, R"("outputs": [{"name": "logits", "dims": ["2"]}],)",
                     R"("search": {"vector": "mean", "side": "side"},)");
  return replace_all(text, R"({"name": "label",)", R"({"name": "side", "type": "int64",
    "dims": ["C"], "pad": -1}, {"name": "label",)");
}

TEST_CASE("A task may train a head and be scored by a search over its choices", "[core][data]") {
  const Manifest manifest = parse_manifest(searched(), "x.so");
  CHECK(manifest.head.has_value());
  REQUIRE(manifest.search.has_value());
  CHECK(manifest.search.value().side == "side");
  CHECK(manifest.outputs.empty());
  CHECK_THROWS_WITH(
      parse_manifest(replace_all(searched(), R"("dims": ["C"], "pad")", R"("dims": [], "pad")"),
                     "x.so"),
      Catch::Contains("search.side: 'side' is no int64 field of [C], as input_ids has choices"));
  CHECK_THROWS_WITH(
      parse_manifest(replace_all(searched(), R"("ops")",
                                 R"("outputs": [{"name": "x", "dims": ["2"]}], "ops")"),
                     "x.so"),
      Catch::Contains("outputs: a task that searches vectors is scored by them alone"));
}

TEST_CASE("A metric is a function of sums, in percent, and 0 over nothing", "[core][data]") {
  MetricSpec ratio{"accuracy", "accuracy", MetricSpec::How::kRatio, {0, 1}, true};
  CHECK(ratio.evaluate({3, 4}) == Approx(75));
  CHECK(ratio.evaluate({0, 0}) == 0);
  MetricSpec f1{"f1", "chunks", MetricSpec::How::kF1, {0, 1, 2}, true};
  CHECK(f1.evaluate({2, 4, 6}) == Approx(40));  // precision 1/2, recall 1/3
  CHECK(f1.evaluate({0, 0, 0}) == 0);
  MetricSpec margin{"m", "m", MetricSpec::How::kMargin, {0, 1, 2}, true};
  // Of 0.1, -0.2 and 0.4: mean 0.1, variance 0.09.
  CHECK(margin.evaluate({0.3, 0.21, 3}) == Approx(100 * 1.96 * std::sqrt(0.09 / 3)));
  CHECK(margin.evaluate({0.3, 0.09, 1}) == 0);
  CHECK(margin.evaluate({0, 0, 0}) == 0);
  CHECK(ratio.evaluate({-1, 4}) == Approx(-25));
}

TEST_CASE("A manifest that is wrong is refused with the place and the key", "[core][data]") {
  const auto [from, to, message] = GENERATE(table<const char*, std::string, const char*>({
      {R"("kind":)", R"("knid":)", "unknown key 'knid' (did you mean 'kind'?)"},
      {R"("kind":)", R"("name": "a", "kind":)", "the key 'name' is there twice"},
      {R"("licence": "CC0", )", "", "no key 'licence'"},
      {R"("name": "pairs")", R"("name": 3)", "name: expected a string that isn't empty, found 3"},
      {R"("name": "pairs")", R"("name": "../p")", "name: '../p' may hold a-z, 0-9, _ and - only"},
      {R"(["en", "sw"])", R"(["en", "en"])", "languages[1]: 'en' comes twice"},
      {R"(["en", "sw"])", R"([])", "languages: is empty"},
      {R"({"sw": "swh"})", R"({"de": "deu"})", "codes.de: isn't one of the languages"},
      {R"({"test":)", R"({"tset":)", "splits: unknown key 'tset' (did you mean 'test'?)"},
      {"p/*/{code}.tsv", "../x", "splits.test.files.pairs: '../x' leaves the data folder"},
      {"{code}", "{cod}", "may hold {language}, {code} and {split}"},
      {R"("dims": ["T"])", R"("dims": ["Q"])", "fields[0].dims[0]: expected T, C or a size"},
      {R"("languages")", R"("benchmark": {"labels": "p/{language}.tsv", "predictions": "line"},
        "languages")",
       "benchmark.predictions: expected lines, sentences, answers or pairs, found 'line'"},
      {R"(code}.tsv"]}})", R"(code}.tsv"]}, "optional": ["pears"]})",
       "splits.test.optional: 'pears' is none of the files"},
      {R"(["yes", "no"])", R"(["yes", "no"], "labels_from_train": true)",
       "head.labels: they come from the train split"},
      {R"("name": "input_ids")", R"("name": "ids")", "fields: the first must be input_ids"},
      {R"({"name": "label", "type": "int64")", R"({"name": "label", "type": "int8")",
       "fields[1].type"},
      {R"("loss_items": "label")", R"("loss_items": "lable")",
       "loss_items: 'lable' is no int64 field"},
      {"hidden:4", "hidden:x", "inputs[1]: 'hidden:x' names no layer"},
      {R"("attention_mask")", R"("mask")", "inputs[3]: 'mask' is neither"},
      {R"("name": "logits")", R"("name": "label")", "outputs[0]: 'label' is the name of a field"},
      {R"(["correct", "total"], "primary")", R"(["corect", "total"], "primary")",
       "'corect' is no statistic"},
      {R"("primary": true)", R"("primary": false)",
       "metrics: expected one primary metric, found 0"},
      {R"("head": {"family": "pair", "labels": ["yes", "no"]},)", "",
       "inputs: only a task with a head has these"},
      {R"("name": "pairs",)", R"("name": "pairs")", "isn't JSON"},
      {R"("name": "pairs")", "\"name\": \"p\xF8\"", "isn't JSON"},
      {R"("name": "pairs")", R"("name": )" + std::string(100000, '[') + std::string(100000, ']'),
       "nested deeper"},
  }));
  CAPTURE(from, to);
  CHECK_THROWS_WITH(parse_manifest(with(from, to), "x.so"),
                    Catch::StartsWith("x.so: manifest: ") && Catch::Contains(message));
}

}  // namespace
}  // namespace sojourn
