// The folder of a run: filled beside its place, then put there as a whole.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/run/store_lock.h"

namespace sojourn {

// Everything goes to `<out>.partial`; publish() swaps it with `<out>`. So a reader finds the old
// run or the new one, never a mixture. Of what was there, the former run and its report are
// removed; what else somebody has put there moves into the new folder.
class OutputFolder {
 public:
  // Starts an empty `<out>.partial`. Throws Error(kInput) when another process is filling it, or
  // when `out` is something else than a run's folder, Error(kInternal) when it can't be made.
  explicit OutputFolder(const std::filesystem::path& out);

  // Where files of the run go until then; parents of `relative` are made.
  std::filesystem::path path(const std::filesystem::path& relative) const;
  void write(const std::filesystem::path& relative, std::string_view content) const;

  void publish();
  // Of a run that was interrupted: takes the place of `out` if that is free, so that nothing
  // finished is lost and nothing older either. Returns where the files are.
  std::filesystem::path publish_if_free();

 private:
  std::filesystem::path out_;
  std::filesystem::path partial_;
  std::unique_ptr<FolderLock> lock_;
};

}  // namespace sojourn
