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
}

}  // namespace
}  // namespace sojourn
