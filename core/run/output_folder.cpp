#include "core/run/output_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <stdio.h>  // renameat2 is the C library's, not the standard's

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/full_path.h"

namespace sojourn {

namespace fs = std::filesystem;

namespace {

// What a run is made of, and its report.
constexpr std::array<std::string_view, 11> kOfRun{
    "declared.json", "encoders",      "layers.jsonl", "log.txt",     "manifest.json", "predictions",
    "report",        "results.jsonl", "study.toml",   "tensorboard", "training"};

bool is_run(const fs::path& folder) {
  const fs::path manifest = folder / "manifest.json";
  if (!fs::is_regular_file(manifest)) return false;
  const auto json = nlohmann::json::parse(read_file(manifest), nullptr, /*allow_exceptions=*/false);
  return json.is_object() && json.contains("study") && json.contains("complete");
}

// Removes a former run; what isn't of a run moves into the folder of the new one.
void remove_run(const fs::path& former, const fs::path& run) {
  for (const auto& entry : fs::directory_iterator(former)) {
    const std::string name = entry.path().filename().string();
    const bool of_run = std::find(kOfRun.begin(), kOfRun.end(), name) != kOfRun.end();
    if (!of_run && !fs::exists(run / name)) fs::rename(entry, run / name);
  }
  fs::remove_all(former);
}

void check_replaceable(const fs::path& out) {
  if (!fs::exists(out) || (fs::is_directory(out) && (fs::is_empty(out) || is_run(out)))) return;
  throw input_error(
      out.string(),
      "exists and isn't the folder of a run; expected a new name or a run to replace");
}

}  // namespace

OutputFolder::OutputFolder(const fs::path& out) : out_(full_path(out)), partial_(out_) {
  partial_ += ".partial";
  check_replaceable(out_);
  LockOwner owner;
  lock_ = FolderLock::try_take(partial_, {}, owner);
  if (lock_ == nullptr) {
    throw input_error(partial_.string(), "another run is writing there, process " +
                                             std::to_string(owner.process) + " on " + owner.host);
  }
  for (const auto& entry : fs::directory_iterator(partial_)) {
    if (entry.path().filename() != kOwnerFile) fs::remove_all(entry);
  }
}

fs::path OutputFolder::path(const fs::path& relative) const {
  fs::create_directories((partial_ / relative).parent_path());
  return partial_ / relative;
}

void OutputFolder::write(const fs::path& relative, std::string_view content) const {
  write_file(path(relative), content);
}

void OutputFolder::publish() {
  if (!lock_->held())
    throw Error(ErrorKind::kInternal, partial_.string(), "was taken over by another machine");
  lock_.reset();  // and its file with it
  if (!fs::exists(out_)) {
    fs::rename(partial_, out_);
    return;
  }
  fs::path former = out_;
  former += ".former";
  if (fs::exists(former)) remove_run(former, out_);  // what a crash in here left
  if (::renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, out_.c_str(), RENAME_EXCHANGE) == 0) {
    fs::rename(partial_, former);
  } else if (errno == EINVAL || errno == ENOSYS) {  // a file system without the exchange
    fs::rename(out_, former);
    fs::rename(partial_, out_);
  } else {
    throw Error(ErrorKind::kInternal, out_.string(),
                "can't be replaced: " + std::generic_category().message(errno));
  }
  remove_run(former, out_);
}

fs::path OutputFolder::publish_if_free() {
  if (fs::exists(out_) && !(fs::is_directory(out_) && fs::is_empty(out_))) return partial_;
  publish();
  return out_;
}

}  // namespace sojourn
