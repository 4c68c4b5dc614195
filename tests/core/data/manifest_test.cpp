#include "core/data/manifest.h"

#include <string>
#include <string_view>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"

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

TEST_CASE("A metric is a function of sums, in percent, and 0 over nothing", "[core][data]") {
  MetricSpec ratio{"accuracy", "accuracy", MetricSpec::How::kRatio, {0, 1}, true};
  CHECK(ratio.evaluate({3, 4}) == Approx(75));
  CHECK(ratio.evaluate({0, 0}) == 0);
  MetricSpec f1{"f1", "chunks", MetricSpec::How::kF1, {0, 1, 2}, true};
  CHECK(f1.evaluate({2, 4, 6}) == Approx(40));  // precision 1/2, recall 1/3
  CHECK(f1.evaluate({0, 0, 0}) == 0);
}

TEST_CASE("A manifest that is wrong is refused with the place and the key", "[core][data]") {
  const auto [from, to, message] = GENERATE(table<const char*, const char*, const char*>({
      {R"("kind":)", R"("knid":)", "unknown key 'knid' (did you mean 'kind'?)"},
      {R"("kind":)", R"("name": "a", "kind":)", "key 'name' comes twice"},
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
      {R"("name": "pairs",)", R"("name": "pairs")", "not JSON"},
  }));
  CAPTURE(from, to);
  CHECK_THROWS_WITH(parse_manifest(with(from, to), "x.so"),
                    Catch::StartsWith("x.so: manifest: ") && Catch::Contains(message));
}

}  // namespace
}  // namespace sojourn
