#include <sojourn/manifest.h>

#include "core/data/manifest.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("What the SDK writes of a task is what the host reads, whatever its strings hold",
          "[sdk]") {
  sdk::Description task;
  task.name = "odd";
  task.licence = "\"quoted\" \\ and\nbroken \x01 caf\u00e9";
  task.languages = {"en", "sw"};
  task.codes = {{"sw", "swh"}};
  task.splits["dev"]["rows"] = {"a/{split}.tsv", "b/*/{code}.tsv"};
  task.labels = {"x", "y"};
  sdk::FamilySpec family;
  family.family = "f";
  family.kind = "k";
  family.fields = {{"input_ids", {"T"}, 0}, {"label", {}, -100}};
  family.loss_items = "label";
  family.inputs = {"hidden", "label"};
  family.outputs = {{"logits", {"T", "2"}}};
  family.ops = {"core1::linear"};
  const Manifest read = parse_manifest(sdk::manifest_json(task, family), "test");
  CHECK(read.licence == task.licence);
  CHECK(read.codes == task.codes);
  CHECK(read.splits.at("dev")[0].patterns == task.splits["dev"]["rows"]);
  CHECK(read.fields[1].pad == -100);
  REQUIRE(read.head.has_value());
  CHECK(read.head.value().labels == task.labels);
  CHECK(read.outputs[0].dims == family.outputs[0].dims);
  CHECK(read.ops == family.ops);
  CHECK_FALSE(read.search);
  CHECK_FALSE(read.masking);
}

TEST_CASE("Options, negatives and a search beside a head are written as the host reads them",
          "[sdk]") {
  sdk::Description task;
  task.name = "words";
  task.licence = "CC0";
  task.languages = {"sw"};
  task.splits["test"]["pairs"] = {"a/{language}.tsv"};
  sdk::FamilySpec family;
  family.family = "f";
  family.kind = "k";
  family.fields = {{"input_ids", {"C", "T"}, 0}, {"side", {"C"}, -1}, {"label", {}, 0}};
  family.loss_items = "label";
  family.options = {{"layer", -1, "", {}, true, {}, -9.0, {}},
                    {"loss", 0, "b", {"a", "b"}, false, {}, {}, {}},
                    {"margin", 0.2, "", {}, false, 0.0, {}, 2.0}};
  family.inputs = {"mean:$layer", "label"};
  family.batch_negatives = true;
  family.search_side = "side";
  family.metrics.push_back({"margin", "m", {"correct", "correct", "total"}, "margin"});
  const Manifest read = parse_manifest(sdk::manifest_json(task, family), "test");
  CHECK(read.batch_negatives);
  CHECK((read.head.has_value() && read.search.has_value()));
  REQUIRE(read.options.size() == 3);
  CHECK((read.options[0].integer && read.options[0].min == -9 && !read.options[0].min_open));
  CHECK(std::get<std::string>(read.options[1].otherwise) == "b");
  CHECK((read.options[2].min == 0 && read.options[2].min_open && read.options[2].max == 2));
  CHECK(std::get<double>(read.options[2].otherwise) == 0.2);
  CHECK(read.inputs[0].layer_option == "layer");
  CHECK(read.metrics[1].how == MetricSpec::How::kMargin);
}

TEST_CASE("A family that is only trained writes what the host reads as such", "[sdk]") {
  sdk::Description task;
  task.name = "hidden";
  task.licence = "CC0";
  task.languages = {"en"};
  task.splits["train"]["text"] = {"a/{language}.txt"};
  sdk::FamilySpec family;
  family.family = "f";
  family.kind = "k";
  family.fields = {{"input_ids", {"T"}, 0}, {"labels", {"T"}, -100}};
  family.loss_items = "labels";
  family.masked_share = 0.15;
  family.inputs = {"hidden", "word_embeddings"};
  family.statistics.clear();
  family.metrics.clear();
  const Manifest read = parse_manifest(sdk::manifest_json(task, family), "test");
  REQUIRE(read.masking.has_value());
  CHECK(read.masking.value().share == 0.15);
  CHECK(read.masking.value().labels == "labels");
  CHECK_FALSE(read.is_scored());
}

}  // namespace
}  // namespace sojourn
