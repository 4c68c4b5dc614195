// What a plugin says of itself: its manifest, and its file.
#include "core/data/manifest.h"

#include <stdexcept>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"

namespace sojourn::fuzz {

namespace {

void manifest(std::string_view bytes) {
  try {
    const Manifest parsed = parse_manifest(bytes, "plugin.so");
    for (const auto& metric : parsed.metrics)
      metric.evaluate(std::vector<double>(parsed.statistics.size(), 1.0));
    if (parsed.fields.empty() || parsed.fields.front().name != "input_ids")
      throw std::runtime_error("a manifest without input_ids");
  } catch (const Error& error) {
    const std::string_view text = error.what();
    if (error.kind() != ErrorKind::kInput || !text.starts_with("plugin.so"))
      throw std::runtime_error("another error: " + std::string(text));
    if (invalid_utf8_at(text)) throw std::runtime_error("a message that isn't UTF-8");
  }
}

}  // namespace

std::vector<Target> manifest_targets() {
  const std::string whole = R"({"name":"a","kind":"b","licence":"c","languages":["en","sw"],
"codes":{"sw":"swh"},"splits":{"train":{"files":{"rows":["a/{split}-{language}.tsv","b/*/{code}.tsv"]}},
"dev":{"files":{"x":["x"],"y":["y"]},"optional":["y"]},"test":{"files":{"rows":["t"]}}},
"benchmark":{"labels":"a/test-{language}.tsv","predictions":"lines"},"train_on":["a"],
"fields":[{"name":"input_ids","type":"int64","dims":["T"],"pad":0},
{"name":"label","type":"int64","dims":[],"pad":-100}],"loss_items":"label",
"head":{"family":"f","labels":["x","y"]},"inputs":["hidden","mean:2","attention_mask","label"],
"options":[{"name":"layer","default":2,"min":0,"integer":true},
{"name":"loss","default":"a","choices":["a","b"]}],
"outputs":[{"name":"logits","dims":["L"]}],"ops":["core1::linear"],"statistics":["correct","total"],
"metrics":[{"name":"accuracy","profile":"accuracy","ratio":["correct","total"],"primary":true}]})";
  const std::string searching =
      R"({"name":"a","kind":"b","licence":"c","languages":["en"],"codes":{},
"splits":{"test":{"files":{"rows":["t"]}}},
"fields":[{"name":"input_ids","type":"int64","dims":["C","T"],"pad":0},
{"name":"side","type":"int64","dims":["C"],"pad":-1}],"search":{"vector":"inner_mean","side":"side"},
"statistics":["a","b","c"],"metrics":[{"name":"f","profile":"p","f1":["a","b","c"],"primary":true},
{"name":"m","profile":"p","margin":["a","b","c"]}]})";
  return {{"manifest",
           &manifest,
           {whole, searching, "{}", "[]", "null", R"({"name":)" + std::string(2000, '[')},
           {"\"",
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "null",
            "true",
            "-1",
            "1e400",
            "99999999999999999999",
            "\"name\"",
            "\"splits\"",
            "\"fields\"",
            "\"head\"",
            "\"labels_from_train\"",
            "\"masking\"",
            "\"negatives\"",
            "\"batch\"",
            "\"search\"",
            "\"options\"",
            "\"above\"",
            "\"hidden:$layer\"",
            "\"mean:-1\"",
            "\"word_embeddings\"",
            "\"T\"",
            "\"C\"",
            "\"L\"",
            "\"float32\"",
            "\xFF",
            "\\u0000"}}};
}

}  // namespace sojourn::fuzz
