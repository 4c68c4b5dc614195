// The folder of a run: filled beside its place, then put there as a whole.
#pragma once

#include <filesystem>
#include <string_view>

namespace sojourn {

// Everything goes to `<out>.partial`; publish() swaps it with `<out>`, whose former content is
// removed. So a reader finds the old run or the new one, never a mixture.
class OutputFolder {
 public:
  // Starts an empty `<out>.partial`. Throws Error(kInput) when another process is filling it, or
  // when `out` is something else than a run's folder and would be lost, Error(kInternal) when it
  // can't be made.
  explicit OutputFolder(std::filesystem::path out);
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  ~OutputFolder();

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
  int lock_ = -1;
};

}  // namespace sojourn
