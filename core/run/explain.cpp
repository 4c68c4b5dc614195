#include "core/run/explain.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/report/table.h"

namespace sojourn {

namespace {

using nlohmann::json;

std::string value_text(const json& flat, const std::string& pointer) {
  const auto found = flat.find(pointer);
  return found == flat.end() ? "absent" : found->dump();
}

// The stored stage that differs in the fewest places, of those with that id if there are any.
std::optional<StoreEntry> nearest(StageStore& store, const std::string& id, const json& parts) {
  std::optional<StoreEntry> best;
  std::pair<bool, std::size_t> least;  // another id; places
  for (auto& entry : stored_stages(store)) {
    const auto& record = entry.record;
    const std::pair rank(record.at("id") != id, changes(record.at("parts"), parts).size());
    if (best && rank >= least) continue;
    least = rank;
    best = std::move(entry);
  }
  return best;
}

}  // namespace

std::vector<PartChange> changes(const json& from, const json& to) {
  const json a = from.flatten();
  const json b = to.flatten();
  std::set<std::string> pointers;
  for (const auto& [pointer, value] : a.items()) pointers.insert(pointer);
  for (const auto& [pointer, value] : b.items()) pointers.insert(pointer);
  std::vector<PartChange> found;
  for (const auto& pointer : pointers) {
    PartChange change{"", "", value_text(a, pointer), value_text(b, pointer)};
    if (change.from == change.to) continue;
    const auto slash = pointer.find('/', 1);
    change.part = pointer.substr(1, slash - 1);
    if (slash != std::string::npos) change.what = pointer.substr(slash + 1);
    found.push_back(std::move(change));
  }
  return found;
}

std::size_t find_stage(const Plan& plan, const PlanKeys& keys, const std::string& stage) {
  std::vector<std::string> ids;
  for (std::size_t s = 0; s < plan.stages.size(); ++s) {
    ids.push_back(plan.stages[s].id);
    if (plan.stages[s].id == stage || keys.stages[s].training.key == stage) return s;
  }
  throw input_error("stage '" + stage + "'", "the study has no stage of that name or key" +
                                                 did_you_mean(stage, ids) +
                                                 "; `sojourn plan` lists them");
}

std::string explain_stage(const Study& study, TaskCatalog& tasks, const PlanOptions& options,
                          const std::string& stage_name) {
  std::optional<EncoderConfig> config;
  if (std::filesystem::exists(study.encoder / "config.json"))
    config = read_encoder_config(study.encoder);
  const Plan plan = make_plan(study, tasks, config, MissingFiles::kNote);
  KeyMaker maker(study, tasks, numerics(options.machine));
  const PlanKeys keys = keys_of(plan, maker);
  StageStore store(options.store);
  const std::size_t s = find_stage(plan, keys, stage_name);
  const Stage& stage = plan.stages[s];
  const ContentKey& key = keys.stages[s].training;
  const std::string title = stage.id + ", key " + key.key + ": ";
  if (!stage.parent) return title + "the study's own encoder, which nothing trains.\n";
  const StageWork work = find_work(plan, keys, store, Check::kPresence)[s];
  if (work.trained)
    return title + (work.train ? "was trained, but its weights are gone; they are needed again.\n"
                               : "is in the store.\n");
  const auto like = nearest(store, stage.id, key.parts);
  if (!like) return title + "is not in the store, and no stage like it is.\n";
  std::string text = title + "is not in the store. The nearest stage there is " +
                     like->record.at("id").get<std::string>() + ", key " + like->name.key +
                     "; since then changed\n";
  std::vector<std::vector<std::string>> lines;
  for (const auto& change : changes(like->record.at("parts"), key.parts))
    lines.push_back({"  " + change.part, change.what, change.from, "->", change.to});
  text += left_aligned(lines);
  const Stage& parent = plan.stages[*stage.parent];
  if (like->record.at("parts").at("parent") != keys.stages[*stage.parent].training.key &&
      parent.parent) {
    text += "For the stage that it starts from, see: sojourn why STUDY " + parent.id + "\n";
  }
  return text;
}

}  // namespace sojourn
