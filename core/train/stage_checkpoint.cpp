#include "core/train/stage_checkpoint.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/model/saved_tensors.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kSuffix = ".safetensors";
constexpr const char* kState = "stage";
constexpr const char* kActiveRows = "active_rows";
constexpr const char* kCurve = "curve";
constexpr const char* kChecksum = "checksum";

fs::path file_of(const fs::path& folder, std::int64_t step) {
  return folder / (std::string(kPrefix) + std::to_string(step) + std::string(kSuffix));
}

// The step in a checkpoint's name; none of any other file.
std::optional<std::int64_t> step_of(const fs::path& file) {
  const std::string name = file.filename().string();
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return {};
  const char* const end = name.data() + name.size() - kSuffix.size();
  std::int64_t step = 0;
  const auto read = std::from_chars(name.data() + kPrefix.size(), end, step);
  if (read.ec != std::errc() || read.ptr != end) return {};
  return step;
}

struct Found {
  std::vector<std::pair<std::int64_t, fs::path>> checkpoints;  // the newest first
  std::vector<fs::path> leftovers;                             // of writes that didn't end
};

Found find_in(const fs::path& folder) {
  Found found;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    const auto step = step_of(entry.path());
    if (step) {
      found.checkpoints.emplace_back(*step, entry.path());
    } else if (entry.path().filename().string().starts_with(kPrefix)) {
      found.leftovers.push_back(entry.path());
    }
  }
  std::ranges::sort(found.checkpoints, std::greater());
  return found;
}

void remove_quietly(const fs::path& file) {
  std::error_code ignored;  // what stays takes space, no more
  fs::remove(file, ignored);
}

std::string state_text(const StageProgress& progress, double untouched_factor,
                       const std::string& key) {
  nlohmann::ordered_json state{{"key", key},
                               {"step", progress.step},
                               {"evaluated", progress.evaluated},
                               {"without_best", progress.without_best},
                               {"untouched_factor", untouched_factor}};
  if (progress.best) {
    state["best"] = {{"step", progress.best->step},
                     {"score", progress.best->score},
                     {"untouched_factor", progress.best->untouched_factor}};
  }
  return state.dump();
}

// Of the state, and of every tensor's name and bytes.
class Checksum {
 public:
  explicit Checksum(std::string state) : state_(std::move(state)) {}

  void add(const std::string& name, const at::Tensor& tensor) {
    digests_[name] = sha256({static_cast<const char*>(tensor.const_data_ptr()),
                             static_cast<std::size_t>(tensor.nbytes())});
  }
  std::string digest() const {
    std::string all = state_;
    for (const auto& [name, digest] : digests_) all.append(name).append(digest);
    return sha256(all);
  }

 private:
  std::string state_;
  std::map<std::string, std::string> digests_;
};

// Adds to the checksum what is written.
TensorSource summed(TensorSource source, const std::shared_ptr<Checksum>& sum) {
  auto value = source.value;
  const std::string name = source.name;
  source.value = [value, name, sum] {
    at::Tensor tensor = value();
    sum->add(name, tensor);
    return tensor;
  };
  return source;
}

class CheckpointFile {
 public:
  // Throws Error(kInput) for a file that is damaged.
  explicit CheckpointFile(const fs::path& path) : file_(path), state_(read_state(file_, kState)) {
    Checksum sum(file_.metadata().at(kState));
    for (const auto& [name, entry] : file_.entries()) {
      if (name != kChecksum) sum.add(name, file_.tensor(name));
    }
    if (read_bytes(file_, kChecksum) != sum.digest())
      throw input_error(path.string(), "the checksum isn't that of its content");
  }

  // Throws Error(kInput) where it doesn't fit; only then is nothing changed.
  StageProgress load(AdamW& optimizer, const std::string& key,
                     const std::vector<std::int64_t>& active_rows) const {
    if (state_.at("key") != key || read_numbers(file_, kActiveRows) != active_rows)
      throw input_error(file_.path().string(), "is of another stage");
    StageProgress progress{state_.at("step"),
                           state_.at("evaluated"),
                           state_.at("without_best"),
                           read_bytes(file_, kCurve),
                           {}};
    std::vector<std::pair<at::Tensor, at::Tensor>> copies;  // to, from
    for (const auto& slot : optimizer.slots()) {
      const std::string& name = slot.parameter.name;
      const auto read = [&](const char* kind, const at::Tensor& to) {
        copies.emplace_back(to, read_like(file_, kind + name, to));
      };
      read("value.", slot.parameter.value);
      read("first_moment.", slot.first_moment);
      read("second_moment.", slot.second_moment);
      read("steps.", slot.steps);
    }
    if (state_.contains("best")) progress.best = best(optimizer);
    const at::NoGradGuard no_grad;
    for (const auto& [to, from] : copies) to.copy_(from);
    optimizer.set_untouched_factor(state_.at("untouched_factor"));
    return progress;
  }

 private:
  StageProgress::Best best(const AdamW& optimizer) const {
    const auto& state = state_.at("best");
    StageProgress::Best best{state.at("step"), state.at("score"), state.at("untouched_factor"), {}};
    for (const auto& slot : optimizer.slots()) {
      const at::Tensor& value = slot.parameter.value;
      best.values.push_back(read_like(file_, "best." + slot.parameter.name, value)
                                .to(value.options().requires_grad(false), /*non_blocking=*/false,
                                    /*copy=*/true));
    }
    return best;
  }

  SafetensorsFile file_;
  nlohmann::json state_;
};

}  // namespace

StageCheckpoints::StageCheckpoints(CheckpointSettings settings,
                                   std::vector<std::int64_t> active_rows)
    : settings_(std::move(settings)), active_rows_(std::move(active_rows)) {}

StageProgress StageCheckpoints::resume(AdamW& optimizer) {
  if (settings_.folder.empty()) return {};
  const Found found = find_in(settings_.folder);
  for (const auto& file : found.leftovers) remove_quietly(file);
  for (const auto& [step, file] : found.checkpoints) {
    try {
      auto progress = CheckpointFile(file).load(optimizer, settings_.key, active_rows_);
      last_step_ = step;
      return progress;
    } catch (const std::exception& error) {
      spdlog::warn("checkpoint not used, and removed: {}", error.what());
      remove_quietly(file);
    }
  }
  return {};
}

bool StageCheckpoints::due(std::int64_t step) const {
  if (settings_.steps && step - last_step_ >= *settings_.steps) return true;
  const std::chrono::duration<double, std::ratio<60>> since = Clock::now() - last_time_;
  return settings_.minutes && since.count() >= *settings_.minutes;
}

void StageCheckpoints::write(const AdamW& optimizer, const StageProgress& progress) {
  if (settings_.folder.empty() || progress.step == last_step_) return;
  const std::string state = state_text(progress, optimizer.untouched_factor(), settings_.key);
  const auto sum = std::make_shared<Checksum>(state);
  std::vector<TensorSource> tensors;
  const auto add = [&](const TensorSource& source) { tensors.push_back(summed(source, sum)); };
  for (std::size_t i = 0; i < optimizer.slots().size(); ++i) {
    const auto& slot = optimizer.slots()[i];
    const std::string& name = slot.parameter.name;
    add(saved("value." + name, slot.parameter.value));
    add(saved("first_moment." + name, slot.first_moment));
    add(saved("second_moment." + name, slot.second_moment));
    add(saved("steps." + name, slot.steps));
    if (progress.best) add(saved("best." + name, progress.best->values[i]));
  }
  add(saved(kActiveRows, active_rows_));
  add(saved(kCurve, progress.curve));
  const auto digest = [sum] { return saved(kChecksum, sum->digest()).value(); };
  tensors.push_back({kChecksum, {64}, digest, at::kByte});  // comes last: the sum is known then

  std::error_code ignored;  // writing says it better
  fs::create_directories(settings_.folder, ignored);
  const fs::path file = file_of(settings_.folder, progress.step);
  write_safetensors(file, tensors, {{kState, state}});
  for (const auto& [step, older] : find_in(settings_.folder).checkpoints) {
    if (older != file) remove_quietly(older);
  }
  last_step_ = progress.step;
  last_time_ = Clock::now();
}

}  // namespace sojourn
