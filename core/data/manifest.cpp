#include "core/data/manifest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/base/json_object.h"
#include "core/base/text.h"
#include "core/data/manifest_node.h"
#include "core/data/options.h"

namespace sojourn {

namespace {

using Node = ManifestNode;

constexpr std::string_view kHidden = "hidden";
constexpr std::string_view kMean = "mean";
constexpr std::string_view kInnerMean = "inner_mean";
constexpr std::string_view kMask = "attention_mask";
constexpr std::string_view kWords = "word_embeddings";

void check_pattern(const Node& node, const std::string& pattern) {
  if (pattern.front() == '/' || ("/" + pattern + "/").find("/../") != std::string::npos) {
    node.fail("'" + pattern + "' leaves the data folder");
  }
  const std::string rest =
      replace_all(replace_all(replace_all(pattern, "{language}", ""), "{code}", ""), "{split}", "");
  if (rest.find_first_of("{}") != std::string::npos) {
    node.fail("'" + pattern + "' may hold {language}, {code} and {split}, nothing else in braces");
  }
}

std::vector<FileSpec> read_files(const Node& split) {
  split.expect_keys({"files", "optional"});
  std::vector<FileSpec> files;
  split.at("files").for_each_member([&](const std::string& name, const Node& node) {
    FileSpec file{name, node.some_strings()};
    for (const auto& pattern : file.patterns) check_pattern(node, pattern);
    files.push_back(std::move(file));
  });
  if (files.empty()) split.at("files").fail("is empty");
  if (!split.has("optional")) return files;
  for (const auto& name : split.at("optional").strings()) {
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const FileSpec& file) { return file.name == name; });
    if (found == files.end()) split.at("optional").fail("'" + name + "' is none of the files");
    found->optional = true;
  }
  return files;
}

void read_benchmark(const Node& node, Manifest& manifest) {
  using Format = BenchmarkSpec::Format;
  static const std::map<std::string, Format> formats = {{"lines", Format::kLines},
                                                        {"sentences", Format::kSentences},
                                                        {"answers", Format::kAnswers},
                                                        {"pairs", Format::kPairs}};
  node.expect_keys({"labels", "predictions"});
  const std::string pattern = node.at("labels").string();
  check_pattern(node.at("labels"), pattern);
  const std::string predictions = node.at("predictions").string();
  const auto format = formats.find(predictions);
  if (format == formats.end()) {
    node.at("predictions")
        .fail("expected lines, sentences, answers or pairs, found '" + predictions + "'");
  }
  manifest.benchmark = BenchmarkSpec{pattern, format->second};
}

void read_data(const Node& root, Manifest& manifest) {
  manifest.languages = root.at("languages").some_strings();
  root.at("codes").for_each_member([&](const std::string& language, const Node& node) {
    const auto& known = manifest.languages;
    if (std::find(known.begin(), known.end(), language) == known.end())
      node.fail("isn't one of the languages");
    manifest.codes[language] = node.string();
  });
  const Node splits = root.at("splits");
  splits.expect_keys({"train", "dev", "test"});
  splits.for_each_member(
      [&](const std::string& name, const Node& node) { manifest.splits[name] = read_files(node); });
  if (manifest.splits.empty()) splits.fail("is empty");
  if (root.has("benchmark")) read_benchmark(root.at("benchmark"), manifest);
  if (root.has("train_on")) manifest.train_on = root.at("train_on").strings();
}

// `sizes`: the letters that may stand for a size.
std::vector<std::string> read_dims(const Node& list, const std::vector<std::string>& sizes) {
  std::vector<std::string> dims;
  for (const Node& item : list.items()) {  // ["2", "2"] is fine, so no strings()
    const std::string dim = item.string();
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(dim.data(), dim.data() + dim.size(), size);
    const bool number = error == std::errc() && end == dim.data() + dim.size() && size > 0;
    if (!number && std::find(sizes.begin(), sizes.end(), dim) == sizes.end())
      item.fail("expected " + join(sizes, ", ") + " or a size, found '" + dim + "'");
    dims.push_back(dim);
  }
  return dims;
}

FieldSpec read_field(const Node& node) {
  node.expect_keys({"name", "type", "dims", "pad"});
  FieldSpec field;
  field.name = node.at("name").string();
  for (const std::string_view taken : {kHidden, kMean, kInnerMean, kMask, kWords}) {
    if (field.name == taken) node.at("name").fail("'" + field.name + "' is an input of the host's");
  }
  const std::string type = node.at("type").string();
  if (type != "int64" && type != "float32")
    node.at("type").fail("expected int64 or float32, found '" + type + "'");
  field.type = type == "int64" ? FieldType::kInt64 : FieldType::kFloat32;
  field.dims = read_dims(node.at("dims"), {"T", "C"});
  field.pad = node.has("pad") ? node.at("pad").integer() : 0;
  return field;
}

const FieldSpec* find_field(const Manifest& manifest, std::string_view name) {
  const auto found = std::find_if(manifest.fields.begin(), manifest.fields.end(),
                                  [&](const FieldSpec& field) { return field.name == name; });
  return found == manifest.fields.end() ? nullptr : &*found;
}

void read_fields(const Node& root, Manifest& manifest) {
  const Node list = root.at("fields");
  for (const Node& node : list.items()) {
    FieldSpec field = read_field(node);
    if (find_field(manifest, field.name) != nullptr) node.fail("'" + field.name + "' comes twice");
    manifest.fields.push_back(std::move(field));
  }
  if (manifest.fields.empty()) list.fail("is empty");
  const FieldSpec& ids = manifest.fields.front();
  const bool pieces =
      ids.dims == std::vector<std::string>{"T"} || ids.dims == std::vector<std::string>{"C", "T"};
  if (ids.name != "input_ids" || ids.type != FieldType::kInt64 || !pieces) {
    list.fail("the first must be input_ids, int64, [T] or [C, T]");
  }
}

// "$layer": the option whose value is the layer.
std::string read_layer_option(const Node& node, const std::string& name, const Manifest& manifest) {
  const auto found = std::ranges::find(manifest.options, name, &OptionSpec::name);
  if (found == manifest.options.end() || !found->integer)
    node.fail("'" + name + "' is no option that is an integer");
  return name;
}

InputSpec read_input(const Node& node, const Manifest& manifest) {
  const std::string text = node.string();
  InputSpec input;
  if (text == kMask || text == kWords) {
    input.kind = text == kMask ? InputSpec::Kind::kAttentionMask : InputSpec::Kind::kWordEmbeddings;
    return input;
  }
  const std::size_t colon = text.find(':');
  const std::string_view kind = std::string_view(text).substr(0, colon);
  if (kind == kHidden || kind == kMean || kind == kInnerMean) {
    input.kind = kind == kHidden ? InputSpec::Kind::kHidden
                 : kind == kMean ? InputSpec::Kind::kMean
                                 : InputSpec::Kind::kInnerMean;
    if (colon == std::string::npos) return input;
    if (text.compare(colon + 1, 1, "$") == 0) {
      input.layer_option = read_layer_option(node, text.substr(colon + 2), manifest);
      return input;
    }
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data() + colon + 1, last, input.layer);
    if (error != std::errc() || end != last || input.layer < -1)
      node.fail("'" + text + "' names no layer");
    return input;
  }
  if (find_field(manifest, text) == nullptr) {
    node.fail("'" + text +
              "' is neither hidden, hidden:LAYER, mean, mean:LAYER, inner_mean, inner_mean:LAYER, "
              "attention_mask, word_embeddings nor a field; LAYER is a number or $OPTION");
  }
  input.field = text;
  return input;
}

OutputSpec read_output(const Node& node, const Manifest& manifest) {
  node.expect_keys({"name", "dims"});
  OutputSpec output{node.at("name").string(), read_dims(node.at("dims"), {"T", "C", "L"})};
  const bool again =
      std::any_of(manifest.outputs.begin(), manifest.outputs.end(),
                  [&](const OutputSpec& other) { return other.name == output.name; });
  if (again || find_field(manifest, output.name) != nullptr) {
    node.fail("'" + output.name + "' is the name of a field or another output");
  }
  return output;
}

void read_head(const Node& root, Manifest& manifest) {
  const Node head = root.at("head");
  head.expect_keys({"family", "labels", "labels_from_train"});
  manifest.head = HeadSpec{head.at("family").string(), head.at("labels").strings(), false};
  if (head.has("labels_from_train") && head.at("labels_from_train").boolean()) {
    manifest.head->labels_from_train = true;
    if (!manifest.head->labels.empty()) head.at("labels").fail("they come from the train split");
    if (!manifest.splits.contains("train")) head.at("labels_from_train").fail("no train split");
  }
  for (const Node& node : root.at("inputs").items())
    manifest.inputs.push_back(read_input(node, manifest));
  if (manifest.inputs.empty()) root.at("inputs").fail("is empty");
  if (manifest.is_scored() && !root.has("search")) {
    for (const Node& node : root.at("outputs").items())
      manifest.outputs.push_back(read_output(node, manifest));
    if (manifest.outputs.empty()) root.at("outputs").fail("is empty");
  }
  manifest.loss_items = root.at("loss_items").string();
  const FieldSpec* items = find_field(manifest, manifest.loss_items);
  if (items == nullptr || items->type != FieldType::kInt64) {
    root.at("loss_items").fail("'" + manifest.loss_items + "' is no int64 field");
  }
  if (root.has("ops")) manifest.ops = root.at("ops").strings();
  if (!root.has("negatives")) return;
  const std::string negatives = root.at("negatives").string();
  if (negatives != "batch") root.at("negatives").fail("expected batch, found '" + negatives + "'");
  manifest.batch_negatives = true;
}

void read_masking(const Node& root, Manifest& manifest) {
  const Node masking = root.at("masking");
  masking.expect_keys({"share", "labels"});
  const double share = masking.at("share").number();
  if (!(share > 0 && share <= 1)) masking.at("share").fail("expected a number above 0, at most 1");
  const std::string labels = masking.at("labels").string();
  if (labels != manifest.loss_items)
    masking.at("labels").fail("'" + labels + "' isn't the field of loss_items");
  const auto pieces = std::vector<std::string>{"T"};
  if (manifest.fields.front().dims != pieces || find_field(manifest, labels)->dims != pieces)
    masking.fail("input_ids and '" + labels + "' must both be [T]");
  manifest.masking = MaskingSpec{share, labels};
}

void refuse_keys(const Node& root, const std::vector<const char*>& keys, const std::string& why) {
  for (const char* key : keys) {
    if (root.has(key)) root.at(key).fail(why);
  }
}

void read_search(const Node& root, Manifest& manifest) {
  const Node search = root.at("search");
  search.expect_keys({"vector", "side"});
  using Vector = SearchSpec::Vector;
  const std::string vector = search.at("vector").string();
  if (vector != kMean && vector != kInnerMean && vector != "first")
    search.at("vector").fail("expected mean, inner_mean or first, found '" + vector + "'");
  const std::string side = search.at("side").string();
  const FieldSpec* field = find_field(manifest, side);
  const bool by_choice = manifest.fields.front().dims.size() == 2;
  const auto dims = by_choice ? std::vector<std::string>{"C"} : std::vector<std::string>();
  if (field == nullptr || field->type != FieldType::kInt64 || field->dims != dims) {
    search.at("side").fail("'" + side + "' is no int64 field " +
                           (by_choice ? "of [C], as input_ids has choices" : "without dimensions"));
  }
  manifest.search = SearchSpec{vector == kMean        ? Vector::kMean
                               : vector == kInnerMean ? Vector::kInnerMean
                                                      : Vector::kFirst,
                               side};
}

MetricSpec read_metric(const Node& node, const Manifest& manifest) {
  using How = MetricSpec::How;
  struct Kind {
    const char* key;
    How how;
    std::size_t statistics;
  };
  constexpr std::array<Kind, 4> kKinds{{{"ratio", How::kRatio, 2},
                                        {"f1", How::kF1, 3},
                                        {"margin", How::kMargin, 3},
                                        {"pearson", How::kPearson, 6}}};
  node.expect_keys({"name", "profile", "ratio", "f1", "margin", "pearson", "primary"});
  MetricSpec metric;
  metric.name = node.at("name").string();
  metric.profile = node.at("profile").string();
  const auto has = [&](const Kind& kind) { return node.has(kind.key); };
  if (std::count_if(kKinds.begin(), kKinds.end(), has) != 1)
    node.fail("expected either ratio, f1, margin or pearson");
  const Kind& kind = *std::find_if(kKinds.begin(), kKinds.end(), has);
  metric.how = kind.how;
  const Node arguments = node.at(kind.key);
  for (const Node& item : arguments.items()) {
    const auto& names = manifest.statistics;
    const auto found = std::find(names.begin(), names.end(), item.string());
    if (found == names.end())
      item.fail("'" + item.string() + "' is no statistic" + did_you_mean(item.string(), names));
    metric.arguments.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  if (metric.arguments.size() != kind.statistics)
    arguments.fail("expected " + std::to_string(kind.statistics) + " statistics");
  metric.primary = node.has("primary") && node.at("primary").boolean();
  return metric;
}

void read_metrics(const Node& root, Manifest& manifest) {
  manifest.statistics = root.at("statistics").some_strings();
  const Node list = root.at("metrics");
  for (const Node& node : list.items()) {
    MetricSpec metric = read_metric(node, manifest);
    for (const auto& other : manifest.metrics) {
      if (other.name == metric.name && other.profile == metric.profile)
        node.fail("the same name and profile twice");
    }
    manifest.metrics.push_back(std::move(metric));
  }
  const auto primary = std::count_if(manifest.metrics.begin(), manifest.metrics.end(),
                                     [](const MetricSpec& metric) { return metric.primary; });
  if (primary != 1) list.fail("expected one primary metric, found " + std::to_string(primary));
}

// Half the width of the 95 % interval of a mean, by the normal distribution.
double margin(double sum, double squares, double n) {
  constexpr double kNormalQuantile = 1.96;
  if (n < 2) return 0;
  const double variance = std::max(0.0, (squares - sum * sum / n) / (n - 1));
  return kNormalQuantile * std::sqrt(variance / n);
}

// sums: n, x, y, x x, y y, x y
double pearson(const std::array<double, 6>& sums) {
  const auto& [n, x, y, xx, yy, xy] = sums;
  const double spread = (n * xx - x * x) * (n * yy - y * y);
  return spread > 0 ? (n * xy - x * y) / std::sqrt(spread) : 0;
}

}  // namespace

double MetricSpec::evaluate(const std::vector<double>& sums) const {
  const auto sum = [&](std::size_t i) { return sums.at(arguments.at(i)); };
  if (how == How::kRatio) return sum(1) == 0 ? 0 : 100.0 * sum(0) / sum(1);
  if (how == How::kMargin) return 100.0 * margin(sum(0), sum(1), sum(2));
  if (how == How::kPearson)
    return 100.0 * pearson({sum(0), sum(1), sum(2), sum(3), sum(4), sum(5)});
  const double both = sum(1) + sum(2);
  return both == 0 ? 0 : 100.0 * 2 * sum(0) / both;
}

Manifest parse_manifest(std::string_view json, const std::string& where) {
  constexpr int kDeepest = 32;
  const auto parsed = parse_json_object(json, where + ": manifest", kDeepest);
  const Node root(parsed, "", where);
  root.expect_keys({"name",      "kind",      "licence",    "languages", "codes",
                    "splits",    "benchmark", "train_on",   "fields",    "loss_items",
                    "head",      "options",   "inputs",     "outputs",   "masking",
                    "negatives", "search",    "statistics", "metrics",   "ops"});
  Manifest manifest;
  manifest.name = root.at("name").string();
  if (manifest.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") !=
      std::string::npos) {
    root.at("name").fail("'" + manifest.name +
                         "' may hold a-z, 0-9, _ and - only");  // it names folders
  }
  manifest.kind = root.at("kind").string();
  manifest.licence = root.at("licence").string();
  read_data(root, manifest);
  read_fields(root, manifest);
  if (root.has("head")) {
    if (root.has("options")) manifest.options = read_options(root.at("options"));
    read_head(root, manifest);
    if (root.has("masking")) read_masking(root, manifest);
  } else {
    refuse_keys(root, {"options", "inputs", "outputs", "loss_items", "masking", "negatives", "ops"},
                "only a task with a head has these");
  }
  if (root.has("search")) {
    read_search(root, manifest);
    refuse_keys(root, {"outputs"}, "a task that searches vectors is scored by them alone");
  }
  if (!manifest.head && !manifest.search)
    root.fail("neither head nor search: nothing to predict from");
  if (manifest.is_scored()) {
    read_metrics(root, manifest);
  } else {
    refuse_keys(root, {"outputs", "statistics", "metrics"}, "only a task that is scored has these");
  }
  return manifest;
}

bool uses_word_table(const Manifest& manifest) {
  return std::any_of(manifest.inputs.begin(), manifest.inputs.end(), [](const InputSpec& input) {
    return input.kind == InputSpec::Kind::kWordEmbeddings;
  });
}

}  // namespace sojourn
